/** Images of an RBD pool: what volumes and base images are, and what is done with one. */
import type { RbdPoolSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import { z } from 'zod';
import { CEPH_ERROR, callCeph, hasStatus, type CephCaller, type CephCallOptions } from './ceph-tool.js';

/** The protected snapshot of a complete base image. */
export const BASE_SNAPSHOT = 'base';

/** A volume's image. */
export const volumeImage = (volumeId: string): string => `volume-${volumeId}`;
/** A template's base image. */
export const templateImage = (templateId: string): string => `template-${templateId}`;

/** `<pool>/<image>[@<snapshot>]`, as the tools take it. */
export function imageSpec({ pool }: RbdPoolSpec, image: string, snapshot?: string): string {
  return `${pool}/${image}${snapshot === undefined ? '' : `@${snapshot}`}`;
}

const imageInfo = z.object({
  size: z.number(),
  protected: z.union([z.boolean(), z.literal('true'), z.literal('false')]).optional(),
});

/** Size of an image or snapshot in bytes; undefined when there is none. See {@link callCeph} for errors. */
export async function readImage(
  caller: CephCaller,
  spec: string,
): Promise<{ sizeBytes: number; isProtected: boolean } | undefined> {
  const text = await orAbsent(callCeph('rbd', caller, ['info', '--format', 'json', spec]));
  if (text === undefined) return undefined;
  const { size, protected: is } = imageInfo.parse(JSON.parse(text));
  return { sizeBytes: size, isProtected: is === true || is === 'true' };
}

const status = z.object({ watchers: z.array(z.object({ address: z.string() })) });

/** Addresses of the clients that have the image open; undefined when there is none. See {@link callCeph} for errors. */
export async function readClients(caller: CephCaller, spec: string): Promise<string[] | undefined> {
  const text = await orAbsent(callCeph('rbd', caller, ['status', '--format', 'json', spec]));
  if (text === undefined) return undefined;
  const addresses = status.parse(JSON.parse(text)).watchers.map(({ address }) => address.replace(/:\d+\/\d+$/, ''));
  return [...new Set(addresses)];
}

/** The image has at least so many bytes. */
export async function growImage(
  caller: CephCaller,
  spec: string,
  { sizeBytes, signal }: { sizeBytes: number; signal: AbortSignal },
): Promise<void> {
  await callCeph('rbd', caller, ['resize', '--no-progress', '--size', `${sizeBytes}B`, spec], { signal });
}

/** The image is gone. `STEP_REFUSED` with status busy while a client has it open. */
export async function removeImage(caller: CephCaller, spec: string, options: CephCallOptions = {}): Promise<void> {
  // A big image's data goes object by object.
  const limit = { timeoutMs: 10 * 60_000, ...options };
  await orAbsent(callCeph('rbd', caller, ['rm', '--no-progress', spec], limit));
}

/**
 * The image is gone.
 *
 * @throws DurastackError `BACKEND_BUSY` (detail `inUse`) while a client has it open: one that died is forgotten after half
 *   a minute
 */
export async function removeUnused(caller: CephCaller, spec: string): Promise<void> {
  try {
    await removeImage(caller, spec);
  } catch (error) {
    if (!hasStatus(error, CEPH_ERROR.busy)) throw error;
    const text = `waits for storage pool ${caller.pool.pool} (${caller.pool.id}): a client still has ${spec} open, or had it and died less than half a minute ago; see: rbd status ${spec}`;
    throw new DurastackError('BACKEND_BUSY', text, { cause: error, details: { inUse: true } });
  }
}

const listing = z.array(
  z.object({
    image: z.string(),
    snapshot: z.string().optional(),
    protected: z.union([z.boolean(), z.literal('true'), z.literal('false')]).optional(),
  }),
);

/** Names of all images; and of all that have a protected snapshot of that name. */
export async function listImages(caller: CephCaller): Promise<{ images: string[]; bases: string[] }> {
  const entries = listing.parse(
    JSON.parse(await callCeph('rbd', caller, ['ls', '-l', '--format', 'json', caller.pool.pool])),
  );
  const isBase = (entry: z.infer<typeof listing>[number]): boolean =>
    entry.snapshot === BASE_SNAPSHOT && (entry.protected === true || entry.protected === 'true');
  return {
    images: entries.filter(({ snapshot }) => snapshot === undefined).map(({ image }) => image),
    bases: entries.filter(isBase).map(({ image }) => image),
  };
}

/** Nothing instead of the error that says that there is no such thing. */
export async function orAbsent<T>(work: Promise<T>): Promise<T | undefined> {
  return work.catch((error: unknown) => {
    if (hasStatus(error, CEPH_ERROR.absent) || hasStatus(error, CEPH_ERROR.stale)) return undefined;
    throw error;
  });
}

/** Nothing instead of the error that says that there is one already. */
export async function unlessThere<T>(work: Promise<T>): Promise<T | undefined> {
  return work.catch((error: unknown) => {
    if (hasStatus(error, CEPH_ERROR.exists)) return undefined;
    throw error;
  });
}
