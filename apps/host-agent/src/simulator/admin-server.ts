/**
 * Where tests and demonstrations ask the simulator for faults and events. Plain HTTP on loopback:
 * - `GET /hosts`, `GET /hosts/<id>`
 * - `POST /hosts/<id>/power` `{on}`: the host's machine
 * - `POST /hosts/<id>/network` `{on, storage?}`: whether anybody reaches the host, and else whether it reaches its
 *   storage; its machines run on
 * - `POST /hosts/<id>/post-copy` `{refusal}`: why no machine runs there before its memory is complete; null: it can
 * - `POST /hosts/<id>/vms/<vmId>/power` `{power, crashed?}`: a guest or somebody acts behind our back
 * - `POST /hosts/<id>/vms/<vmId>/disks` `{kept}`: whether its guest keeps disks that are asked back
 * - `POST /pools/<id>/locks` `{reach}`: whether locks on the pool's images reach from host to host
 * - `POST /faults` (a fault rule) → `{id}`, `GET /faults/<id>` → `{held}`, `DELETE /faults/<id>` → `{released}`
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { asDurastackError, DurastackError, ERROR_KINDS } from '@durastack/contracts/errors';
import { faultRule, type FaultPlan } from '@durastack/drivers/simulator/faults';
import type { SimulatedWorld } from '@durastack/drivers/simulator/world';
import { z } from 'zod';
import { parse } from '../host/verb-dispatch.js';
import type { SimulatedHosts } from './simulated-hosts.js';

const hostPower = z.object({ on: z.boolean() });
const hostNetwork = z.object({ on: z.boolean(), storage: z.boolean().default(false) });
const poolLocks = z.object({ reach: z.boolean() });
const postCopy = z.object({ refusal: z.string().nullable() });
const vmDisks = z.object({ kept: z.boolean() });
const vmPower = z.object({ power: z.enum(['running', 'paused', 'off']), crashed: z.boolean().default(false) });

/** What the administration acts on. */
export interface AdminScene {
  readonly hosts: SimulatedHosts;
  readonly world: SimulatedWorld;
  readonly plan: FaultPlan;
}

/** Listens; ENVIRONMENT when the address cannot be bound. */
export async function startAdminServer(listen: { host: string; port: number }, scene: AdminScene): Promise<Server> {
  const server = createServer((request, response) => void answer(request, response, scene));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const message = `Cannot listen on ${listen.host}:${listen.port} for the simulator's administration.`;
      reject(new DurastackError('ENVIRONMENT', message, { cause: error }));
    });
    server.listen(listen.port, listen.host, resolve);
  });
  return server;
}

async function answer(request: IncomingMessage, response: ServerResponse, scene: AdminScene): Promise<void> {
  const reply = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString('utf8');
    const body: unknown = text === '' ? {} : JSON.parse(text);
    reply(200, await serve(`${request.method} ${request.url}`, body, scene));
  } catch (error) {
    const { code, message } = asDurastackError(error);
    reply(ERROR_KINDS[code].httpStatus, { code, message });
  }
}

async function serve(call: string, body: unknown, { hosts, world, plan }: AdminScene): Promise<unknown> {
  if (call === 'GET /hosts') return hosts.list();
  if (call === 'POST /faults') return { id: plan.add(parse(faultRule, body, 'fault')) };
  const fault = /^(GET|DELETE) \/faults\/(\d+)$/.exec(call);
  if (fault?.[2] !== undefined) {
    return fault[1] === 'GET' ? { held: plan.heldBy(fault[2]) } : { released: plan.release(fault[2]) };
  }
  const pool = /^POST \/pools\/([0-9a-f-]{36})\/locks$/.exec(call);
  if (pool?.[1] !== undefined) {
    world.setLocks(pool[1], parse(poolLocks, body, 'locks').reach);
    return {};
  }
  const host =
    /^(GET|POST) \/hosts\/([0-9a-f-]{36})(\/power|\/network|\/post-copy|\/vms\/([0-9a-f-]{36})\/(power|disks))?$/.exec(
      call,
    );
  const [, method, hostId, action, vmId, what] = host ?? [];
  if (hostId === undefined) throw new DurastackError('NOT_FOUND', `The simulator knows no ${call}.`);
  if (method === 'GET' && action === undefined) return world.host(hostId);
  if (method === 'POST' && vmId !== undefined && what === 'disks')
    world.keepDisks(hostId, vmId, parse(vmDisks, body, 'disks').kept);
  else if (method === 'POST' && vmId !== undefined) setVmPower(world, { hostId, vmId }, body);
  else if (method === 'POST' && action === '/power')
    await hosts.setHostPower(hostId, parse(hostPower, body, 'power').on);
  else if (method === 'POST' && action === '/network') {
    const { on, storage } = parse(hostNetwork, body, 'network');
    await hosts.setHostNetwork(hostId, on, storage);
  } else if (method === 'POST' && action === '/post-copy')
    world.refusePostCopy(hostId, parse(postCopy, body, 'post-copy').refusal ?? undefined);
  else throw new DurastackError('NOT_FOUND', `The simulator knows no ${call}.`);
  return {};
}

function setVmPower(world: SimulatedWorld, { hostId, vmId }: { hostId: string; vmId: string }, body: unknown): void {
  const { power, crashed } = parse(vmPower, body, 'power');
  world.setPower(hostId, vmId, power, crashed);
}
