import { asDurastackError } from '@durastack/contracts/errors';
import { OPEN_OPERATION_STATES } from '@durastack/contracts/operations/operation.state';
import { autocommit } from '@durastack/store/database/transaction';
import type { FastifyInstance } from 'fastify';
import type { Platform } from '../platform.js';
import { metrics, openOperations } from './metrics.js';

/** `/health` and `/metrics`, for operators' tools: no credentials, no tenant's data. */
export function registerOperatorRoutes(server: FastifyInstance, platform: Platform): void {
  const tx = autocommit(platform.database);
  server.get('/health', async (_request, reply) => {
    try {
      await tx.query('SELECT 1');
      return reply.send({ status: 'ok', database: 'ok' });
    } catch (error) {
      return reply.status(503).send({ status: 'unavailable', database: asDurastackError(error).message });
    }
  });
  server.get('/metrics', async (_request, reply) => {
    const rows = await tx.query<{ state: string; n: number }>(
      'SELECT state, COUNT(*) AS n FROM operation WHERE state IN (?) GROUP BY state',
      [OPEN_OPERATION_STATES],
    );
    const counts = new Map(rows.map(({ state, n }) => [state, Number(n)]));
    for (const state of OPEN_OPERATION_STATES) openOperations.set({ state }, counts.get(state) ?? 0);
    return reply.type(metrics.contentType).send(await metrics.metrics());
  });
}
