/** What is done on the way of a copy; each looks at nothing but what it is given. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { VolumeSpec } from '@durastack/contracts/agent/specs';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import type { VerbContext } from '../../driver.js';
import { copyImage, requireRoom, sameContent, type ImageCopy } from '../../volume-copy/copy-image.js';
import { deviceXml, diskXml } from '../disk-xml.js';
import type { LibvirtHost } from '../libvirt-host.js';
import { qemuUserOf } from '../qemu-user.js';
import { abortBlockCopy, pivotBlockCopy, startBlockCopy } from '../rpc/block-jobs.js';
import { LIBVIRT_ERROR } from '../rpc/protocol.js';
import { isLibvirtError } from '../rpc/remote-error.js';
import { liveDisk, type CopyScene, type LiveDisk, type VolumeCopy } from './copy-scene.js';
import { defineOn } from './disk-definition.js';

/** How often what is under way is looked at. */
export const POLL_MS = 200;

/** Begins to mirror to a new, empty image. */
export async function mirror(
  host: LibvirtHost,
  { copy, scene }: { copy: VolumeCopy; scene: CopyScene },
  signal: AbortSignal,
): Promise<void> {
  const { domain, dev } = liveDisk(scene);
  await requireRoom(await host.pools.forTools(copy.volume), scene.places.target);
  const sizeBytes = await host.client.blockCapacity(domain, dev);
  const image = await emptyImage(host, { ...copy.target, sizeBytes }, signal);
  const place = await host.pools.openDisk(image, qemuUserOf(await host.client.capabilities()));
  const destinationXml = deviceXml({ disk: diskXml(place, { target: dev, volumeId: copy.volume.id }) });
  await startBlockCopy(host.client, domain, { disk: dev, destinationXml, bytesPerSecond: copy.bytesPerSecond });
}

/** Copies what nobody writes to, and compares. */
export async function copyAtRest(
  host: LibvirtHost,
  { copy, scene }: { copy: VolumeCopy; scene: CopyScene },
  context: VerbContext,
): Promise<void> {
  const from = await host.pools.forTools(copy.volume);
  await requireRoom(from, scene.places.target);
  await emptyImage(host, { ...copy.target, sizeBytes: from.sizeBytes }, context.signal);
  const both = await images(host, copy);
  await copyImage(both, context);
  if (await sameContent(both, context)) return;
  const text = `The copy of volume ${copy.volume.id} on pool ${copy.target.pool.id} differs from its source`;
  throw new DurastackError('STEP_REFUSED', `${text}: something writes to one of them, or a disk is failing`);
}

/** Both images as the tools reach them. */
export async function images(host: LibvirtHost, { volume, target, bytesPerSecond }: VolumeCopy): Promise<ImageCopy> {
  const { pools } = host;
  return { from: await pools.forTools(volume), to: await pools.forTools(target), bytesPerSecond, shell: pools.shell };
}

async function emptyImage(host: LibvirtHost, target: VolumeSpec, signal: AbortSignal): Promise<VolumeSpec> {
  const driver = host.pools.of(target.pool);
  await driver.ensureVolumeGone(target.id, target.pool);
  const { id, pool, sizeBytes } = target;
  const image = { id, pool, sizeBytes };
  await driver.ensureVolume(image, signal);
  return image;
}

/** The definition of the machine's next start names this place from now on. */
export async function define(
  host: LibvirtHost,
  { copy, scene, on }: { copy: VolumeCopy; scene: CopyScene; on: VolumeSpec },
): Promise<void> {
  const { domain, dev } = liveDisk(scene);
  const copyId = on === copy.target ? copy.copyId : undefined;
  const place = host.pools.diskSource(on);
  const xml = defineOn(await host.client.inactiveXml(domain), { dev, volumeId: copy.volume.id, place, copyId });
  await host.client.defineDomain(xml);
}

/** A refusal is looked into by the next look: the job may have broken off, or the machine have stopped. */
export async function pivot(host: LibvirtHost, scene: CopyScene, signal: AbortSignal): Promise<void> {
  const { domain, dev } = liveDisk(scene);
  await pivotBlockCopy(host.client, domain, dev).catch(async (error: unknown) => {
    if (!isDurastackError(error, 'STEP_REFUSED')) throw error;
    await sleep(POLL_MS, undefined, { signal });
  });
}

/** Ends the mirror, unless it has ended since it was looked at. */
export async function endMirror(host: LibvirtHost, { domain, dev }: LiveDisk): Promise<void> {
  await abortBlockCopy(host.client, domain, dev).catch((error: unknown) => {
    const codes = [LIBVIRT_ERROR.operationInvalid, LIBVIRT_ERROR.noDomain, LIBVIRT_ERROR.invalidArgument];
    if (!codes.some((code) => isLibvirtError(error, code))) throw error;
  });
}
