/**
 * How hosts learn to reach pools that need a key: told when a pool or a host is added, and again by whichever step
 * meets a host that does not know (it was added at the same moment, installed anew, or lost its files). The key is read
 * from its sealed column for the one call and is in no workflow's history.
 */
import type { PoolSpec } from '@durastack/contracts/agent/specs';
import type { VerbResult } from '@durastack/contracts/agent/verbs';
import { isDurastackError } from '@durastack/contracts/errors';
import type { StepRef } from '@durastack/contracts/operations/step';
import type { SecretBox } from '@durastack/kit/secrets/secret-box';
import { autocommit } from '@durastack/store/database/transaction';
import type { DataSource } from 'typeorm';
import type { AgentGateway } from '../agent-gateway.js';

/** What introductions are made with. */
export interface Introducer {
  readonly source: DataSource;
  readonly box: SecretBox;
  readonly agents: AgentGateway;
}

/** What a sealed secret of a pool is bound to. */
export const poolSecretContext = (poolId: string): string => `storage-pool:${poolId}`;

/** A host and the pool that it is told of. */
export interface Introduction {
  readonly hostId: string;
  readonly pool: PoolSpec;
  /** The pool was never seen to work: one that does not answer is refused, instead of being waited for. */
  readonly refuseWhenSilent?: boolean;
}

/** The host can reach the pool; its size. Throws as the verb `ensurePool`. */
export async function introducePool(
  { source, box, agents }: Introducer,
  { hostId, pool, refuseWhenSilent }: Introduction,
  step: StepRef,
): Promise<VerbResult<'ensurePool'>> {
  const [row] = await autocommit(source).query<{ sealed: string | null }>(
    'SELECT secret_sealed AS sealed FROM storage_pool WHERE id = ?',
    [pool.id],
  );
  const secret = row?.sealed ? { secret: box.open(row.sealed, poolSecretContext(pool.id)) } : {};
  const manner = refuseWhenSilent ? { refuseWhenSilent } : {};
  return agents.call(hostId, 'ensurePool', { pool, ...secret, ...manner }, step);
}

/** The gateway, with hosts told of pools that they turn out not to know; then the call is made again. */
export function introducingPools(agents: AgentGateway, parts: Omit<Introducer, 'agents'>): AgentGateway {
  const introduceAll = async (hostId: string, params: unknown, step: StepRef): Promise<void> => {
    for (const pool of poolsIn(params)) await introducePool({ ...parts, agents }, { hostId, pool }, step);
  };
  return {
    ...agents,
    call: async (hostId, verb, params, step) => {
      try {
        return await agents.call(hostId, verb, params, step);
      } catch (error) {
        if (!isDurastackError(error, 'POOL_UNKNOWN') || verb === 'ensurePool') throw error;
        await introduceAll(hostId, params, step);
        return agents.call(hostId, verb, params, step);
      }
    },
    task: async (hostId, verb, params, step) => {
      const status = await agents.task(hostId, verb, params, step);
      if (status.state !== 'failed' || status.error?.code !== 'POOL_UNKNOWN') return status;
      await introduceAll(hostId, params, step);
      return agents.task(hostId, verb, params, step);
    },
  };
}

/** Every pool with a key that a verb's parameters name, once. */
function poolsIn(value: unknown): PoolSpec[] {
  const found = new Map<string, PoolSpec>();
  const visit = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return;
    if ('kind' in part && part.kind === 'rbd' && 'monitors' in part) {
      const pool = part as PoolSpec;
      found.set(pool.id, pool);
    } else Object.values(part).forEach(visit);
  };
  visit(value);
  return [...found.values()];
}
