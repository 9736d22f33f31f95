/**
 * Verbs `copyVolume`, `switchVolume`, `discardVolumeCopy`.
 *
 * Each looks, asks the table (volume-copy/judge-copy.ts) what follows, does that, and looks again, until it is there:
 * so it goes on wherever an earlier attempt, a restart of libvirtd or the guest's own end left things.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import type { VerbContext } from '../../driver.js';
import { copyProgress, sameContent } from '../../volume-copy/copy-image.js';
import { judgeCopy } from '../../volume-copy/judge-copy.js';
import type { LibvirtHost } from '../libvirt-host.js';
import { lookAtCopy, type CopyScene, type VolumeCopy } from './copy-scene.js';
import { copyAtRest, define, endMirror, goOver, images, mirror, POLL_MS } from './copy-steps.js';
import { closeLeftovers } from './leftover-nodes.js';
import { letGo } from './still-guests.js';

/** A mirror that breaks again and again does so for a reason that does not pass, such as a full pool. */
const MIRRORS = 3;

/**
 * All of the volume is on the target pool too.
 *
 * @returns whether the machine has to be switched: both are kept in step, or it has gone over already
 * @throws DurastackError `NO_CAPACITY` when the pool has no room, `CONFLICT` when another block job is at the disk,
 *   `STEP_REFUSED` when the volume is not here or cannot be read or written
 */
export function copyVolume(host: LibvirtHost, copy: VolumeCopy, context: VerbContext): Promise<boolean> {
  return orNothingLeft(host, copy, context, async () => {
    for (let mirrors = 0; ;) {
      const scene = await look(host, copy, context);
      switch (judgeCopy(scene.facts)) {
        case 'moved':
        case 'define-target':
        case 'in-step':
          return true;
        case 'at-rest':
        case 'copy':
          await copyAtRest(host, { copy, scene }, context);
          return false;
        default:
          mirrors += await goOn(host, { copy, scene, mirrors }, context);
      }
    }
  });
}

/** The target is the disk; see the verb. Never gives up what it has begun: it is past the point of return. */
export async function switchVolume(host: LibvirtHost, copy: VolumeCopy, context: VerbContext): Promise<void> {
  for (let mirrors = 0; ;) {
    const scene = await look(host, copy, context);
    switch (judgeCopy(scene.facts)) {
      case 'moved':
        return;
      case 'define-target':
        await define(host, { copy, scene, on: copy.target });
        break;
      case 'in-step':
        await goOver(host, { copy, scene }, context.signal);
        break;
      case 'at-rest':
      case 'copy':
        // It was in step when the machine stopped, or was copied and compared: then they are equal still.
        if (!scene.facts.targetExists || !(await sameContent(await images(host, copy), context)))
          await copyAtRest(host, { copy, scene }, context);
        return;
      default:
        mirrors += await goOn(host, { copy, scene, mirrors }, context);
    }
  }
}

/** The volume is no longer copied, and nothing of it is on the target pool. */
export async function discardVolumeCopy(host: LibvirtHost, copy: VolumeCopy): Promise<void> {
  if (copy.vmId !== undefined) await letGo(host, copy.vmId);
  const scene = await lookAtCopy(host, copy);
  const { facts, live } = scene;
  const verdict = judgeCopy(facts);
  if (facts.active === 'target' || (verdict === 'moved' && facts.targetExists)) {
    const text = `Volume ${copy.volume.id} is on pool ${copy.target.pool.id} already: that is its disk now`;
    throw new DurastackError('CONFLICT', `${text}; move it back instead`);
  }
  if (live && (facts.job === 'mirroring' || facts.job === 'in-step')) await endMirror(host, live);
  if (facts.defined && live) await define(host, { copy, scene, on: copy.volume });
  if (facts.targetExists && live) await closeLeftovers(host, live.domain, scene.places.target);
  await host.pools.of(copy.target.pool).ensureVolumeGone(copy.volume.id, copy.target.pool);
}

/** What both verbs do on their way. @returns how many mirrors it began */
async function goOn(
  host: LibvirtHost,
  { copy, scene, mirrors }: { copy: VolumeCopy; scene: CopyScene; mirrors: number },
  { signal, progress }: VerbContext,
): Promise<0 | 1> {
  switch (judgeCopy(scene.facts)) {
    case 'mirror':
      if (mirrors >= MIRRORS) {
        const text = `Mirroring volume ${copy.volume.id} to pool ${copy.target.pool.id} broke off ${MIRRORS} times`;
        throw new DurastackError(
          'STEP_REFUSED',
          `${text}; see libvirt's log on the host, and whether the pool is full`,
        );
      }
      await mirror(host, { copy, scene }, signal);
      return 1;
    case 'define-source':
      await define(host, { copy, scene, on: copy.volume });
      return 0;
    case 'busy':
      throw new DurastackError('CONFLICT', `Another block job is at volume ${copy.volume.id}; end it first`);
    case 'lost': {
      const text = `Volume ${copy.volume.id} is neither on pool ${copy.volume.pool.id} nor on ${copy.target.pool.id}`;
      throw new DurastackError('STEP_REFUSED', `${text}, as this host and its machine see it`);
    }
    default: {
      const { doneBytes = 0, totalBytes = 0 } = scene.live?.job ?? {};
      const percent = totalBytes > 0 ? Math.min(100, (100 * doneBytes) / totalBytes) : undefined;
      progress(...copyProgress('copied', percent, totalBytes));
      await sleep(POLL_MS, undefined, { signal });
      return 0;
    }
  }
}

async function look(host: LibvirtHost, copy: VolumeCopy, { signal }: VerbContext): Promise<CopyScene> {
  signal.throwIfAborted();
  if (copy.vmId !== undefined) await letGo(host, copy.vmId);
  return lookAtCopy(host, copy).catch(async (error: unknown) => {
    if (!isDurastackError(error, 'BACKEND_BUSY')) throw error;
    // The machine ended while it was looked at, most likely: that is seen by looking again.
    await sleep(POLL_MS, undefined, { signal });
    return lookAtCopy(host, copy);
  });
}

/**
 * A copy that fails or is cancelled leaves nothing. One whose agent ends goes on in QEMU, and is found there by the
 * next.
 */
async function orNothingLeft<T>(
  host: LibvirtHost,
  copy: VolumeCopy,
  { signal }: VerbContext,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const cause: unknown = signal.aborted ? signal.reason : error;
    if (isDurastackError(cause) && cause.retryable) throw cause;
    await discardVolumeCopy(host, copy);
    throw cause;
  }
}
