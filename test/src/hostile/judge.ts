/** What is wrong with a reply, in words. Nothing of it depends on how the product decides. */
import type { HostileCall, HostileReply } from './call.js';

/** What the query API may answer; 5xx alone for what a quota or a full cloud refuses, as CloudStack does. */
const QUERY_STATUSES: ReadonlySet<number> = new Set([200, 401, 429, 431, 432, 533, 535]);
const REST_STATUSES: ReadonlySet<number> = new Set([
  200, 201, 202, 204, 400, 401, 403, 404, 405, 409, 413, 415, 429, 507,
]);

/** Traces of the inside: frames, files, the driver's and the engine's own errors. */
const INSIDE =
  /\bat [\w.<>]+ \(|:\d+:\d+\)|node_modules|\/dist\/|\bER_[A-Z]{3}|QueryFailed|\b(Type|Range|Reference)Error\b|Cannot (read|convert|set)|is not a function|\bincident\b|MariaDB|Maximum call stack/;

const MAX_MESSAGE = 1_500;

/** These ask a host while the caller waits; there is none here, which is no fault of the call. */
const ASKS_HOST: Readonly<Record<string, number>> = { query: 530, rest: 503 };
const asksHost = ({ face, command }: HostileCall, { status }: HostileReply): boolean =>
  command === 'getVirtualMachineSerialLog' && status === ASKS_HOST[face];

/** Whether the caller was refused. */
export const isRefused = ({ status }: HostileReply): boolean => status >= 400;

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function* headerFaults({ headers }: HostileReply): Generator<string> {
  if ('x-injected' in headers) yield 'a header was injected';
  for (const [name, value] of Object.entries(headers))
    if (/[^\x20-\x7e]/.test(String(value))) yield `the header ${name} is not printable ASCII`;
}

function* queryFaults(call: HostileCall, reply: HostileReply): Generator<string> {
  const { status, headers, text } = reply;
  if (!QUERY_STATUSES.has(status) && !asksHost(call, reply)) yield `the status ${status} is not one of the face's`;
  if (!String(headers['content-type']).startsWith('application/json'))
    yield `the type is ${String(headers['content-type'])}`;
  const body = parsed(text);
  if (!body) return yield 'the reply is no JSON object';
  const [[envelope, inner] = ['', undefined], ...rest] = Object.entries(body);
  if (rest.length > 0) yield 'there is more than one top-level member';
  if (envelope !== `${call.command.toLowerCase()}response`) yield `the envelope is ${envelope}`;
  if (!isRefused(reply)) return;
  const { uuidList, errorcode, cserrorcode, errortext } = inner as Record<string, unknown>;
  if (errorcode !== status) yield `errorcode ${String(errorcode)} is not the status ${status}`;
  if (typeof cserrorcode !== 'number') yield 'there is no cserrorcode';
  if (!Array.isArray(uuidList)) yield 'there is no uuidList';
  yield* messageFaults(call, errortext);
  if (typeof headers['x-description'] !== 'string' || headers['x-description'] === '')
    yield 'there is no X-Description';
  const { refusedWith } = call.expected;
  if (refusedWith !== undefined && status !== refusedWith) yield `refused with ${status} instead of ${refusedWith}`;
}

function* messageFaults(call: HostileCall, message: unknown): Generator<string> {
  if (typeof message !== 'string' || message === '') return yield 'there is no message';
  if (message.length > MAX_MESSAGE) yield `the message has ${message.length} characters`;
  if (INSIDE.test(message)) yield 'the message shows the inside';
  const { naming } = call.expected;
  const lower = message.toLowerCase();
  if (naming && !naming.some((name) => lower.includes(name.toLowerCase())))
    yield `the message does not name ${naming.join(' or ')}`;
}

function* restFaults(call: HostileCall, reply: HostileReply): Generator<string> {
  const { status, headers, text } = reply;
  if (!REST_STATUSES.has(status) && !asksHost(call, reply)) yield `the status ${status} is not one of the face's`;
  if (!isRefused(reply)) return;
  if (!String(headers['content-type']).startsWith('application/problem+json'))
    yield `the type is ${String(headers['content-type'])}`;
  const body = parsed(text);
  if (!body) return yield 'the reply is no JSON object';
  for (const member of ['type', 'title', 'detail', 'code'])
    if (typeof body[member] !== 'string' || body[member] === '') yield `the problem has no ${member}`;
  if (body['status'] !== status) yield `the problem says ${String(body['status'])}, the status is ${status}`;
  if (status === 401 && !('www-authenticate' in headers)) yield 'there is no WWW-Authenticate';
  yield* messageFaults(call, body['detail']);
  const { refusedWith } = call.expected;
  if (refusedWith !== undefined && status !== refusedWith) yield `refused with ${status} instead of ${refusedWith}`;
}

/** Every fault of a reply. */
export function faultsOf(call: HostileCall, reply: HostileReply): string[] {
  const faults = [...headerFaults(reply), ...(call.face === 'query' ? queryFaults : restFaults)(call, reply)];
  const mustRefuse = call.expected.refusedWith !== undefined || call.expected.naming !== undefined;
  if (mustRefuse && !isRefused(reply)) faults.push('it was accepted');
  return faults;
}
