/** One call of a hostile caller: data, so that it can be printed, repeated and shrunk. */
import { Agent, request } from 'node:http';
import { signRequest } from '@durastack/kit/cloudstack/signature';
import type { HostileWorld, Tenant, TenantName } from './world.js';

/** How a call shows who it is from. */
export type Credentials = 'right' | 'none' | 'wrong-signature' | 'wrong-key' | 'expired' | 'no-expires' | 'bad-expires';

/** What must come of a call. */
export interface Expectation {
  /** The reply is refused, with this code of the CloudStack face (431, 401, …) or any refusal. */
  readonly refusedWith?: number;
  /** The message holds one of these names. */
  readonly naming?: readonly string[];
}

/** See the module. */
export interface HostileCall {
  readonly face: 'query' | 'rest';
  readonly command: string;
  readonly caller: TenantName;
  /** Who calls, when that is nobody of the world's tenants. */
  readonly as?: Tenant;
  readonly credentials: Credentials;
  readonly method: string;
  /** Path without query. */
  readonly path: string;
  /** Query parameters, each part percent-encoded already (or not, on purpose). */
  readonly query: readonly (readonly [string, string])[];
  /** The body; form parameters of the query API, encoded as `query`. */
  readonly form?: readonly (readonly [string, string])[];
  readonly body?: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What was broken, in words. */
  readonly about: string;
  readonly expected: Expectation;
}

/** A reply as it came. */
export interface HostileReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

const connections = new Agent({ keepAlive: true, maxSockets: 4 });

/** Percent-encodes all but letters and digits. */
export function encode(text: string): string {
  return Buffer.from(text, 'utf8')
    .toString('latin1')
    .replace(/[^A-Za-z0-9]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** What a lenient server makes of an encoded text; a broken one stays as it is. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const join = (pairs: readonly (readonly [string, string])[]): string =>
  pairs.map(([name, value]) => `${name}=${value}`).join('&');

const cloudStackMoment = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, '+0000');

/** The pairs that sign a query-API call; the call's own stay as they are. */
function signing(call: HostileCall, tenant: Tenant): (readonly [string, string])[] {
  if (call.credentials === 'none') return [];
  const added: Record<string, string> = {
    apiKey: call.credentials === 'wrong-key' ? `${tenant.keys.apiKey}x` : tenant.keys.apiKey,
  };
  if (call.credentials === 'expired') Object.assign(added, { signatureVersion: '3', expires: cloudStackMoment(0) });
  if (call.credentials === 'no-expires') Object.assign(added, { signatureVersion: '3' });
  if (call.credentials === 'bad-expires') Object.assign(added, { signatureVersion: '3', expires: 'tomorrow' });
  const sent = [...call.query, ...(call.form ?? [])].map(([name, value]) => [decode(name), decode(value)] as const);
  const signature = signRequest({ ...Object.fromEntries(sent), ...added }, tenant.keys.secretKey);
  const shown =
    call.credentials === 'wrong-signature' ? signature.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')) : signature;
  return [...Object.entries(added), ['signature', shown] as const].map(
    ([name, value]) => [name, encode(value)] as const,
  );
}

function bearer(call: HostileCall, tenant: Tenant): Record<string, string> {
  const { apiKey, secretKey } = tenant.keys;
  if (call.credentials === 'none') return {};
  if (call.credentials === 'right') return { authorization: `Bearer ${apiKey}:${secretKey}` };
  if (call.credentials === 'wrong-key') return { authorization: `Bearer ${apiKey}x:${secretKey}` };
  return { authorization: `Bearer ${apiKey}:${secretKey.slice(1)}x` };
}

interface Wire {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string | undefined;
}

function wireOf(call: HostileCall, world: HostileWorld): Wire {
  const tenant = call.as ?? world.tenants[call.caller];
  const added = call.face === 'query' ? signing(call, tenant) : [];
  const form = call.form && [...call.form, ...added];
  const query = call.form ? call.query : [...call.query, ...added];
  const body = form ? join(form) : call.body;
  return {
    path: query.length > 0 ? `${call.path}?${join(query)}` : call.path,
    body,
    headers: {
      ...(call.face === 'rest' ? bearer(call, tenant) : {}),
      ...(body === undefined
        ? {}
        : {
            'content-type': call.contentType ?? (form ? 'application/x-www-form-urlencoded' : 'application/json'),
            'content-length': String(Buffer.byteLength(body)),
          }),
      ...call.headers,
    },
  };
}

/** Sends a call. Rejects when the server does not answer with HTTP within `timeoutMs`. */
export function send(call: HostileCall, world: HostileWorld, timeoutMs = 30_000): Promise<HostileReply> {
  const { path, headers, body } = wireOf(call, world);
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port: world.port,
        method: call.method,
        path,
        headers,
        agent: connections,
        timeout: timeoutMs,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      },
    );
    sent.on('timeout', () => sent.destroy());
    sent.on('error', reject);
    sent.end(body);
  });
}

/** A call as a line for a shell, with the tenant's keys of this run. */
export function asCurl(call: HostileCall, world: HostileWorld): string {
  const { path, headers, body } = wireOf(call, world);
  const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  const parts = [`curl -i -X ${call.method}`, ...Object.entries(headers).map(([n, v]) => `-H ${quote(`${n}: ${v}`)}`)];
  const shownBody = body === undefined ? [] : [`--data-binary ${quote(body.slice(0, 4_000))}`];
  return [...parts, ...shownBody, quote(`${world.url}${path.slice(0, 8_000)}`)].join(' ');
}
