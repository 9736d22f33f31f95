/** Ports: found free, remembered, found anew when something else has taken one meanwhile. */
import { randomInt } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DurastackError } from '@durastack/contracts/errors';
import { tryLock, type FileLock } from './file-lock.js';
import type { PortName } from './instance-file.js';

/** Well-known numbers are tried first, so that the usual single instance has the usual addresses. */
const PREFERRED: Partial<Record<PortName, number>> = { api: 8080, temporal: 7233, temporalUi: 8233 };
/** Below the kernel's range for outgoing connections, which could take a port while its owner is stopped. */
const LOWEST = 20_000;
const HIGHEST = 32_000;
const TRIES = 100;
const LOCKS = '/run/lock/durastack-ports';

/** What is asked for. */
export interface PortRequest {
  readonly name: PortName;
  /** The address that will listen. */
  readonly address: string;
  /** The port used last time. */
  readonly remembered?: number;
  /** The port that the user insists on, and the setting that says so. */
  readonly explicit?: { readonly port: number; readonly setting: string };
}

/** A port that nobody else takes while it is held. */
export interface HeldPort {
  readonly port: number;
  /** Lets others have it; to be called once it is listened on. */
  release(): void;
}

/**
 * Finds a free port: the explicit one or none, else the remembered one, the preferred one, a random one.
 *
 * @throws ENVIRONMENT when the explicit port is taken, or nothing is free
 */
export async function findPort(request: PortRequest): Promise<HeldPort> {
  const { explicit } = request;
  if (explicit !== undefined) {
    const held = await hold(explicit.port, request.address);
    if (held !== undefined) return held;
    const message = `Port ${explicit.port} (${explicit.setting}) is in use by another program; stop that program or choose another port.`;
    throw new DurastackError('ENVIRONMENT', message);
  }
  const wanted = [request.remembered, PREFERRED[request.name]].filter((port) => port !== undefined);
  for (let i = 0; i < TRIES; i++) {
    const held = await hold(wanted[i] ?? randomInt(LOWEST, HIGHEST), request.address);
    if (held !== undefined) return held;
  }
  throw new DurastackError('ENVIRONMENT', `No free port was found for ${request.name} on ${request.address}.`);
}

/** Whether nothing listens on the port of an address. */
export function isFree(port: number, address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: address, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Two instances that start at the same moment must not choose the same port before one of them listens. */
async function hold(port: number, address: string): Promise<HeldPort | undefined> {
  mkdirSync(LOCKS, { recursive: true });
  const lock: FileLock | undefined = await tryLock(join(LOCKS, String(port)));
  if (lock === undefined) return undefined;
  if (await isFree(port, address)) return { port, release: () => lock.release() };
  lock.release();
  return undefined;
}
