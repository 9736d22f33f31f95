/** Volumes of an RBD pool: clones of one protected snapshot per template; nothing is copied. */
import type { RbdPoolSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import type { VolumeOn } from '../pool-driver.js';
import { CEPH_ERROR, callCeph, hasStatus, type CephCaller } from './ceph-tool.js';
import {
  BASE_SNAPSHOT,
  growImage,
  imageSpec,
  readImage,
  removeUnused,
  templateImage,
  unlessThere,
  volumeImage,
} from './rbd-images.js';

/** What a volume over a base image is made as. */
export interface KnownBases {
  /** Bytes of the template's base image; undefined when the pool has none that is complete. */
  sizeOf(caller: CephCaller, templateId: string): Promise<number | undefined>;
  /** What was known of it is asked anew. */
  forget(templateId: string): void;
}

/**
 * The volume exists with at least its size. An existing one grows when it is smaller; it never shrinks and is never
 * made anew. One process when it is new and as large as its base, two when it is larger.
 *
 * @returns its name
 * @throws DurastackError `NOT_FOUND` when the base image is absent; see also {@link callCeph}
 */
export async function ensureRbdVolume(
  caller: CephCaller,
  volume: VolumeOn<RbdPoolSpec>,
  { bases, signal }: { bases: KnownBases; signal: AbortSignal },
): Promise<{ path: string; allocatedBytes: number }> {
  const spec = imageSpec(volume.pool, volumeImage(volume.id));
  const { templateId } = volume;
  const sizeBytes = roundUp(volume.sizeBytes);
  const made =
    templateId === undefined
      ? await create(caller, { spec, sizeBytes, signal })
      : await clone(caller, { spec, templateId, bases, signal });
  const present = made ?? (await readImage(caller, spec))?.sizeBytes ?? 0;
  if (present < sizeBytes) await growImage(caller, spec, { sizeBytes, signal });
  return { path: `rbd:${spec}`, allocatedBytes: 0 };
}

interface NewImage {
  readonly spec: string;
  readonly signal: AbortSignal;
}

/** Bytes of the image that was made; undefined when there was one before. */
async function create(
  caller: CephCaller,
  { spec, sizeBytes, signal }: NewImage & { sizeBytes: number },
): Promise<number | undefined> {
  return unlessThere(
    callCeph('rbd', caller, ['create', '--size', `${sizeBytes}B`, spec], { signal }).then(() => sizeBytes),
  );
}

async function clone(
  caller: CephCaller,
  { spec, templateId, bases, signal }: NewImage & { templateId: string; bases: KnownBases },
): Promise<number | undefined> {
  const base = imageSpec(caller.pool, templateImage(templateId), BASE_SNAPSHOT);
  const baseBytes = await bases.sizeOf(caller, templateId);
  if (baseBytes === undefined) {
    // The volume may be older than what took the base image away.
    if ((await readImage(caller, spec)) !== undefined) return undefined;
    throw noBase(base);
  }
  try {
    return await unlessThere(callCeph('rbd', caller, ['clone', base, spec], { signal }).then(() => baseBytes));
  } catch (error) {
    if (!hasStatus(error, CEPH_ERROR.absent)) throw error;
    bases.forget(templateId);
    throw noBase(base);
  }
}

const noBase = (base: string): DurastackError =>
  new DurastackError('NOT_FOUND', `The pool has no base image ${base}; put the template on the pool first`);

/** The volume is gone. See {@link removeUnused} for errors. */
export async function removeRbdVolume(caller: CephCaller, volumeId: string): Promise<void> {
  await removeUnused(caller, imageSpec(caller.pool, volumeImage(volumeId)));
}

/** The volume has at least its size, while no machine uses it. `STEP_REFUSED` when there is none. */
export async function growRbdVolume(
  caller: CephCaller,
  volume: VolumeOn<RbdPoolSpec>,
  signal: AbortSignal,
): Promise<{ sizeBytes: number }> {
  const spec = imageSpec(volume.pool, volumeImage(volume.id));
  const present = await readImage(caller, spec);
  if (!present) throw new DurastackError('STEP_REFUSED', `There is no volume ${spec} that could grow`);
  const sizeBytes = roundUp(volume.sizeBytes);
  if (present.sizeBytes >= sizeBytes) return { sizeBytes: present.sizeBytes };
  await growImage(caller, spec, { sizeBytes, signal });
  return { sizeBytes };
}

/** Whole sectors, as every kind of pool has them. */
function roundUp(sizeBytes: number): number {
  return Math.ceil(sizeBytes / 512) * 512;
}
