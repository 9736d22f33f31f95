/** What is done on the way of a copy; each looks at nothing but what it is given. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { VolumeSpec } from '@durastack/contracts/agent/specs';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import type { VerbContext } from '../../driver.js';
import { copyImage, requireRoom, sameContent, type ImageCopy } from '../../volume-copy/copy-image.js';
import { deviceXml, diskXml } from '../disk-xml.js';
import type { LibvirtHost } from '../libvirt-host.js';
import { qemuUserOf } from '../qemu-user.js';
import { abortBlockCopy, blockJob, pivotBlockCopy, startBlockCopy } from '../rpc/block-jobs.js';
import type { Domain } from '../rpc/client.js';
import { LIBVIRT_ERROR } from '../rpc/protocol.js';
import { isLibvirtError } from '../rpc/remote-error.js';
import { liveDisk, type CopyScene, type LiveDisk, type VolumeCopy } from './copy-scene.js';
import { defineOn, readDefinition } from './disk-definition.js';
import { closeLeftovers } from './leftover-nodes.js';
import { whileStill } from './still-guests.js';

/** How often what is under way is looked at. */
export const POLL_MS = 200;
/** For how long a machine stands still at most while a mirror begins, and how often that is looked at. */
const STILL_TIMEOUT_MS = 10_000;
const BEGUN_POLL_MS = 5;

/** Begins to mirror to a new, empty image. */
export async function mirror(
  host: LibvirtHost,
  { copy, scene }: { copy: VolumeCopy; scene: CopyScene },
  signal: AbortSignal,
): Promise<void> {
  const { domain, dev } = liveDisk(scene);
  await requireRoom(await host.pools.forTools(copy.volume), scene.places.target);
  const sizeBytes = await host.client.blockCapacity(domain, dev);
  if (scene.facts.targetExists) await closeLeftovers(host, domain, scene.places.target);
  const image = await emptyImage(host, { ...copy.target, sizeBytes }, signal);
  const place = await host.pools.openDisk(image, qemuUserOf(await host.client.capabilities()));
  const destinationXml = deviceXml({ disk: diskXml(place, { target: dev, volumeId: copy.volume.id }) });
  await whileStill(host, domain, {
    work: async () => {
      await startBlockCopy(host.client, domain, { disk: dev, destinationXml, bytesPerSecond: copy.bytesPerSecond });
      await untilBegun(host, { copy, domain, dev });
    },
  });
}

/**
 * Until QEMU takes note of what the guest writes: it has found out how much there is to copy, or it is done. Not even a
 * cancel ends this sooner: the machine would run on while writes are missed.
 *
 * @throws DurastackError `STEP_REFUSED` when that takes so long that the machine cannot stand still for it
 */
async function untilBegun(
  host: LibvirtHost,
  { copy, domain, dev }: { copy: VolumeCopy; domain: Domain; dev: string },
): Promise<void> {
  const deadline = performance.now() + STILL_TIMEOUT_MS;
  while (performance.now() < deadline) {
    const job = await blockJob(host.client, domain, dev);
    // libvirt says 0 of 1 of a job whose length is not known yet (qemuDomainGetBlockJobInfo).
    if (!job || job.totalBytes > 1) return;
    const disk = readDefinition(await host.client.presentXml(domain)).disks.find(
      ({ target }) => target['@dev'] === dev,
    );
    if (disk?.mirror?.['@ready'] === 'yes') return;
    await sleep(BEGUN_POLL_MS);
  }
  await abortBlockCopy(host.client, domain, dev);
  const text = `Mirroring volume ${copy.volume.id} does not begin within ${STILL_TIMEOUT_MS / 1000} s`;
  throw new DurastackError(
    'STEP_REFUSED',
    `${text}, and its machine stands still meanwhile; move it while it is stopped`,
  );
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

/**
 * From the source to the target, both in step. A refusal is looked into by the next look: the job may have broken off, or
 * the machine have stopped.
 */
export async function goOver(
  host: LibvirtHost,
  { copy, scene }: { copy: VolumeCopy; scene: CopyScene },
  signal: AbortSignal,
): Promise<void> {
  const { domain, dev } = liveDisk(scene);
  const work = async (): Promise<void> => {
    await define(host, { copy, scene, on: copy.target });
    await pivotBlockCopy(host.client, domain, dev).catch(async (error: unknown) => {
      if (!isDurastackError(error, 'STEP_REFUSED')) throw error;
      await sleep(POLL_MS, undefined, { signal });
    });
  };
  await whileStill(host, domain, { work, leaving: { dev, volumeId: copy.volume.id, place: scene.places.source } });
}

/** Ends the mirror, unless it has ended since it was looked at. */
export async function endMirror(host: LibvirtHost, { domain, dev }: LiveDisk): Promise<void> {
  await abortBlockCopy(host.client, domain, dev).catch((error: unknown) => {
    const codes = [LIBVIRT_ERROR.operationInvalid, LIBVIRT_ERROR.noDomain, LIBVIRT_ERROR.invalidArgument];
    if (!codes.some((code) => isLibvirtError(error, code))) throw error;
  });
}
