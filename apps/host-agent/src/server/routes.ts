import { enrolCertificateRequest, enrolCsrRequest } from '@durastack/contracts/agent/enrolment';
import { DurastackError } from '@durastack/contracts/errors';
import type { HostRuntime } from '../host/host-runtime.js';
import { parse } from '../host/verb-dispatch.js';
import type { HostDirectory } from './host-directory.js';

/** Who calls: the control plane, to a host; or, without a host, somebody who enrols one. */
export interface Caller {
  readonly host: HostRuntime | undefined;
}

/** Instead of an answer: break the connection. */
export const DROP = Symbol('drop');

/** One call, its body parsed. */
export interface RoutedCall {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/**
 * Serves a call of an identified caller.
 *
 * @throws DurastackError NOT_FOUND for anything that this caller has no route for
 */
export async function route(call: RoutedCall, caller: Caller, hosts: HostDirectory): Promise<unknown> {
  const { host } = caller;
  if (call.method === 'POST' && call.path === '/v1/enrol/csr') {
    const request = parse(enrolCsrRequest, call.body, 'enrol');
    return { csrPem: await hosts.csr(ownHostOnly(request, host), host !== undefined) };
  }
  if (call.method === 'POST' && call.path === '/v1/enrol/certificate') {
    const request = parse(enrolCertificateRequest, call.body, 'enrol');
    await hosts.install(ownHostOnly(request, host), host !== undefined);
    return {};
  }
  if (host === undefined) throw notFound(call);
  if (call.method === 'GET' && call.path === '/v1/health') return host.health();
  if (call.method === 'POST' && call.path === '/v1/tasks/cancel') return host.cancelTask(call.body);
  if (call.method === 'POST' && call.path === '/v1/control-epoch')
    return withFaults('adoptControlEpoch', host, hosts, () => host.adoptControlEpoch(call.body));
  const verb = /^\/v1\/verbs\/([A-Za-z]+)$/.exec(call.path)?.[1];
  if (call.method === 'POST' && verb !== undefined)
    return withFaults(verb, host, hosts, () => host.call(verb, call.body));
  throw notFound(call);
}

/** What a simulated network does to a call; without one it is just served. */
async function withFaults(
  verb: string,
  host: HostRuntime,
  { faults }: HostDirectory,
  serve: () => Promise<unknown>,
): Promise<unknown> {
  if (faults === undefined) return serve();
  if ((await faults.arrival(host.hostId, verb)) === 'drop') return DROP;
  try {
    const result = await serve();
    return (await faults.reply(host.hostId, verb)) === 'drop' ? DROP : result;
  } catch (error) {
    if ((await faults.reply(host.hostId, verb)) === 'drop') return DROP;
    throw error;
  }
}

/** Under mutual TLS a call to one host must not name another. */
function ownHostOnly<R extends { hostId?: string | undefined }>(request: R, host: HostRuntime | undefined): R {
  if (host === undefined || request.hostId === undefined || request.hostId === host.hostId) return request;
  throw new DurastackError('FORBIDDEN', `This is host ${host.hostId}, not ${request.hostId}.`);
}

function notFound(call: RoutedCall): DurastackError {
  return new DurastackError('NOT_FOUND', `No ${call.method} ${call.path.slice(0, 100)} here.`);
}
