/**
 * Downloads a URL that a user gave, without becoming his way into private networks.
 *
 * Each hop's name is resolved once, its addresses are judged, and the connection goes to those very addresses: a
 * name that answers differently the second time (DNS rebinding) gains nothing. Proxies of the environment are not
 * used, because a proxy would resolve again.
 */
import { createHash } from 'node:crypto';
import { lookup as systemLookup } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import type { FileHandle } from 'node:fs/promises';
import { isIP, type LookupFunction } from 'node:net';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import { Agent, request, type Dispatcher } from 'undici';
import type { AddressPolicy } from './address-policy.js';
import type { ExpectedChecksum } from './checksum.js';

/** Gives all addresses of a name, as `getaddrinfo` does. */
export type ResolveName = (hostname: string) => Promise<readonly LookupAddress[]>;

/** What to download, and within which limits. */
export interface DownloadRequest {
  readonly url: string;
  /** Open for writing, empty. */
  readonly target: FileHandle;
  readonly maxBytes: number;
  readonly checksum?: ExpectedChecksum;
  readonly mayConnect: AddressPolicy;
  readonly resolve?: ResolveName;
  /** No byte for so long ends it. Default 30 s. */
  readonly idleTimeoutMs?: number;
  /** Ends it; the caller adds its total time limit here. */
  readonly signal: AbortSignal;
  readonly onProgress?: (receivedBytes: number, totalBytes: number | undefined) => void;
}

/** What was downloaded. */
export interface Downloaded {
  readonly sizeBytes: number;
  readonly sha256: string;
  /** After redirects. */
  readonly finalUrl: URL;
}

const MAX_REDIRECTS = 5;
const CONNECT_TIMEOUT_MS = 15_000;
const PROGRESS_INTERVAL_MS = 500;

/**
 * Downloads into `target`, checking size and checksum.
 *
 * @throws DurastackError `IMAGE_REFUSED` for what the message says; whatever the signal was aborted with is the cause
 */
export async function download(what: DownloadRequest): Promise<Downloaded> {
  let url = parseUrl(what.url);
  for (let redirects = 0; ; redirects += 1) {
    const agent = await pinnedAgent(url, what);
    try {
      const response = await get(url, agent, what);
      const location = redirectTarget(response, url);
      if (location === undefined) return await receive(response, url, what);
      await response.body.dump({ limit: 65_536 }).catch(() => undefined);
      if (redirects >= MAX_REDIRECTS) throw refused(url, `redirects more than ${MAX_REDIRECTS} times`);
      if (url.protocol === 'https:' && location.protocol === 'http:' && what.checksum === undefined) {
        throw refused(url, 'redirects from https to http; give a checksum, or the final URL');
      }
      url = location;
    } catch (error) {
      throw isDurastackError(error) ? error : networkFailure(url, error, what.signal);
    } finally {
      await agent.destroy();
    }
  }
}

function parseUrl(text: string, base?: URL): URL {
  const url = URL.canParse(text, base?.href) ? new URL(text, base) : undefined;
  if (url === undefined) throw new DurastackError('IMAGE_REFUSED', `"${text.slice(0, 200)}" is not a URL.`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw refused(url, `uses ${url.protocol.slice(0, -1)}; only http and https are fetched`);
  }
  if (url.username !== '' || url.password !== '') {
    throw refused(url, 'holds a user name or password, which would end up in logs; use a URL without');
  }
  return url;
}

/** An HTTP client that can reach nothing but the judged addresses of this URL's host. */
async function pinnedAgent(url: URL, what: DownloadRequest): Promise<Agent> {
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = await resolveHost(url, hostname, what.resolve);
  const permitted = addresses.filter((entry) => what.mayConnect(entry.address));
  if (permitted.length === 0) {
    const seen = addresses.map((entry) => entry.address).join(', ');
    throw refused(url, `leads to the private or special address ${seen}, which is not in the allowed ranges`);
  }
  const pinned: LookupFunction = (_hostname, options, callback) => {
    const first = permitted[0] as LookupAddress;
    if (options.all === true) callback(null, [...permitted]);
    else callback(null, first.address, first.family);
  };
  const idleTimeoutMs = what.idleTimeoutMs ?? 30_000;
  return new Agent({
    connect: { lookup: pinned, timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: idleTimeoutMs,
    bodyTimeout: idleTimeoutMs,
    maxHeaderSize: 32_768,
  });
}

async function resolveHost(url: URL, hostname: string, resolve?: ResolveName): Promise<readonly LookupAddress[]> {
  const family = isIP(hostname);
  if (family !== 0) return [{ address: hostname, family }];
  try {
    return await (resolve ?? ((name) => systemLookup(name, { all: true })))(hostname);
  } catch (cause) {
    throw new DurastackError('IMAGE_REFUSED', `The name ${hostname} of ${shown(url)} cannot be resolved.`, { cause });
  }
}

function get(url: URL, agent: Agent, what: DownloadRequest): Promise<Dispatcher.ResponseData> {
  return request(url, {
    dispatcher: agent,
    signal: what.signal,
    headers: { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'durastack' },
  });
}

function redirectTarget(response: Dispatcher.ResponseData, url: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(response.statusCode)) return undefined;
  const location = response.headers.location;
  if (typeof location !== 'string') throw refused(url, `answers ${response.statusCode} without one location`);
  return parseUrl(location, url);
}

async function receive(response: Dispatcher.ResponseData, url: URL, what: DownloadRequest): Promise<Downloaded> {
  const totalBytes = judgeHeaders(response, url, what.maxBytes);
  const sha256 = createHash('sha256');
  const given = what.checksum === undefined ? undefined : createHash(what.checksum.algorithm);
  let received = 0;
  let reportedAt = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    received += chunk.length;
    if (received > what.maxBytes) throw refused(url, `is larger than the limit of ${what.maxBytes} bytes`);
    sha256.update(chunk);
    given?.update(chunk);
    await writeAll(what.target, chunk);
    if (Date.now() - reportedAt >= PROGRESS_INTERVAL_MS) {
      reportedAt = Date.now();
      what.onProgress?.(received, totalBytes);
    }
  }
  if (totalBytes !== undefined && received !== totalBytes) {
    throw refused(url, `ended after ${received} of ${totalBytes} bytes`);
  }
  const hex = given?.digest('hex');
  if (hex !== undefined && hex !== what.checksum?.hex) {
    const { algorithm, hex: expected } = what.checksum as ExpectedChecksum;
    throw refused(url, `has the ${algorithm} checksum ${hex}, but ${expected} was given`);
  }
  return { sizeBytes: received, sha256: sha256.digest('hex'), finalUrl: url };
}

/** Gives the announced length. */
function judgeHeaders(response: Dispatcher.ResponseData, url: URL, maxBytes: number): number | undefined {
  if (response.statusCode !== 200) throw refused(url, `answers with status ${response.statusCode} instead of 200`);
  const encoding = response.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw refused(url, `is sent with the content encoding "${String(encoding)}", which was not asked for`);
  }
  const length = response.headers['content-length'];
  if (length === undefined) return undefined;
  const totalBytes = Number(length);
  if (totalBytes > maxBytes) {
    throw refused(url, `has ${totalBytes} bytes, more than the limit of ${maxBytes} bytes`);
  }
  return totalBytes;
}

async function writeAll(target: FileHandle, chunk: Buffer): Promise<void> {
  for (let offset = 0; offset < chunk.length;) {
    offset += await target.write(chunk, offset).then((done) => done.bytesWritten, diskFailure);
  }
}

function diskFailure(cause: unknown): never {
  const text = cause instanceof Error ? cause.message : String(cause);
  throw new DurastackError('ENVIRONMENT', `The image store cannot be written: ${text}.`, { cause });
}

function networkFailure(url: URL, cause: unknown, signal: AbortSignal): DurastackError {
  if (signal.aborted && isDurastackError(signal.reason)) return signal.reason;
  if (signal.aborted) return new DurastackError('CANCELLED', `The download of ${shown(url)} was cancelled.`, { cause });
  const code = (cause as { code?: unknown }).code;
  const first = cause instanceof AggregateError ? (cause.errors[0] as Error | undefined) : (cause as Error);
  const text = `${first?.message ?? 'unknown failure'}${typeof code === 'string' ? ` (${code})` : ''}`;
  return new DurastackError('IMAGE_REFUSED', `${shown(url)} could not be fetched: ${text}.`, { cause });
}

/** The URL without its query, which may hold a signature. */
const shown = (url: URL): string => `${url.protocol}//${url.host}${url.pathname}`;

function refused(url: URL, why: string): DurastackError {
  return new DurastackError('IMAGE_REFUSED', `${shown(url)} ${why}.`);
}
