import { setTimeout as sleep } from 'node:timers/promises';
import { DurastackError } from '@durastack/contracts/errors';
import type { Caller } from '@durastack/store/identity/caller';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { readOperationResource, type OperationResource } from '../operations/operation-resource.js';
import type { Platform } from '../platform.js';
import { sendProblem } from './problem.js';
import { restCaller } from './rest-credentials.js';

const POLL_MS = 400;
/** Proxies cut silent connections. */
const KEEP_ALIVE_MS = 15_000;
const MAX_STREAMS = 500;

interface ById {
  Params: { id: string };
}

/** `/api/v1/operations/{id}` and its events, as they come. */
export function registerOperationRoutes(server: FastifyInstance, platform: Platform): void {
  let streams = 0;
  server.get<ById>('/api/v1/operations/:id', async (request, reply) => {
    try {
      const { caller } = await known(platform, request, 'getOperation');
      const operation = await readOperationResource(platform, caller, request.params.id);
      return await reply.header('Cache-Control', 'no-store').send(operation);
    } catch (error) {
      return sendProblem(reply, error);
    }
  });
  server.get<ById>('/api/v1/operations/:id/events', async (request, reply) => {
    try {
      const { caller } = await known(platform, request, 'watchOperation');
      const first = await readOperationResource(platform, caller, request.params.id);
      if (streams >= MAX_STREAMS)
        throw new DurastackError(
          'TOO_MANY_REQUESTS',
          `More than ${MAX_STREAMS} streams of events are open; ask for the operation itself.`,
        );
      streams += 1;
      await stream(platform, caller, reply, first).finally(() => (streams -= 1));
      return reply;
    } catch (error) {
      return sendProblem(reply, error);
    }
  });
}

async function known(platform: Platform, request: FastifyRequest, name: string) {
  request.commandName = name;
  const identified = await restCaller(platform, request);
  request.callerName = identified.caller.username;
  return identified;
}

/** Server-sent events: the operation whenever it has changed, until it has ended. */
async function stream(
  platform: Platform,
  caller: Caller,
  reply: FastifyReply,
  first: OperationResource,
): Promise<void> {
  reply.hijack();
  const { raw } = reply;
  let open = true;
  raw.on('close', () => (open = false));
  raw.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' });
  let operation = first;
  let sent = '';
  let silentMs = 0;
  while (open) {
    const text = JSON.stringify(operation);
    if (text !== sent) {
      raw.write(`event: operation\ndata: ${text}\n\n`);
      [sent, silentMs] = [text, 0];
    } else if (silentMs >= KEEP_ALIVE_MS) {
      raw.write(': still there\n\n');
      silentMs = 0;
    }
    if (operation.ended) break;
    await sleep(POLL_MS);
    silentMs += POLL_MS;
    try {
      if (open) operation = await readOperationResource(platform, caller, first.id);
    } catch (error) {
      // The client asks again by itself and is told then.
      platform.log.warn({ error, operationId: first.id }, 'a stream of events has ended early');
      break;
    }
  }
  raw.end();
}
