/** Verbs `ensureVolumeAttached`, `ensureVolumeDetached`, `ensureVolumeSize`. */
import type { DataVolumeSpec, PowerState, VolumeSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import type { DiskSharing } from '../pool-driver.js';
import { dataDiskXml, deviceXml, diskSerial, diskTarget, type OpenedDisk } from './disk-xml.js';
import type { LibvirtHost } from './libvirt-host.js';
import { isUnderWay, liveDomain } from './live-domain.js';
import { readPresent } from './present-domain.js';
import { qemuUserOf } from './qemu-user.js';
import type { Domain } from './rpc/client.js';

const SECTOR = 512;

/**
 * The running machine has the disk; of one that does not run only the power is told.
 *
 * @throws DurastackError `STEP_REFUSED` when the volume is not here, its position is taken, or libvirt refuses
 */
export async function ensureVolumeAttached(host: LibvirtHost, vmId: string, disk: DataVolumeSpec): Promise<PowerState> {
  const { domain, power } = await liveDomain(host, vmId);
  if (!domain) return power;
  const present = await readPresent(host.client, domain);
  if (present.targets.has(diskSerial(disk.volume.id))) return power;
  if (present.usedTargets.has(diskTarget(disk.deviceId))) {
    const text = `Position ${disk.deviceId} of machine ${vmId} is taken by another disk`;
    throw new DurastackError('STEP_REFUSED', `${text}; choose another device id`);
  }
  const [opened] = await openDataDisks(host, [disk], 'alone');
  if (opened) await host.client.attachDevice(domain, deviceXml({ disk: dataDiskXml(opened) }));
  return power;
}

/** Where the bytes of data disks are, after making sure that QEMU can open them. STEP_REFUSED when one is not there. */
export async function openDataDisks(
  host: LibvirtHost,
  disks: readonly DataVolumeSpec[],
  sharing?: DiskSharing,
): Promise<OpenedDisk[]> {
  if (disks.length === 0) return [];
  const qemu = qemuUserOf(await host.client.capabilities());
  const open = async ({ volume, deviceId }: DataVolumeSpec): Promise<OpenedDisk> => ({
    volumeId: volume.id,
    deviceId,
    source: await host.pools.openDisk(volume, qemu, sharing),
  });
  return Promise.all(disks.map(open));
}

/**
 * Asks the guest for the disk.
 *
 * @returns whether the machine has it no longer; a guest may let go of it later, or never
 */
export async function ensureVolumeDetached(host: LibvirtHost, vmId: string, volumeId: string): Promise<boolean> {
  const target = await targetOf(host, vmId, volumeId);
  if (!target) return true;
  const xml = deviceXml({
    disk: { '@type': 'file', '@device': 'disk', target: { '@dev': target.dev, '@bus': 'virtio' } },
  });
  await host.client.detachDevice(target.domain, xml).catch((error: unknown) => {
    if (!isUnderWay(error)) throw error;
  });
  return (await targetOf(host, vmId, volumeId)) === undefined;
}

async function targetOf(
  host: LibvirtHost,
  vmId: string,
  volumeId: string,
): Promise<{ domain: Domain; dev: string } | undefined> {
  const { domain } = await liveDomain(host, vmId);
  if (!domain) return undefined;
  const dev = (await readPresent(host.client, domain)).targets.get(diskSerial(volumeId));
  return dev === undefined ? undefined : { domain, dev };
}

/** What grows, and the machine that may have it. */
export interface Growth {
  readonly volume: VolumeSpec;
  readonly vmId?: string | undefined;
}

/**
 * The volume has at least its size: through QEMU while a machine has it, else by the pool's tool.
 *
 * @returns its size in bytes
 * @throws DurastackError `STEP_REFUSED` when there is no such volume here, or the disk is full
 */
export async function ensureVolumeSize(host: LibvirtHost, growth: Growth, signal: AbortSignal): Promise<number> {
  const { volume, vmId } = growth;
  const target = vmId === undefined ? undefined : await targetOf(host, vmId, volume.id);
  if (!target) return (await host.pools.of(volume.pool).growVolume(volume, signal)).sizeBytes;
  const sizeBytes = Math.ceil(volume.sizeBytes / SECTOR) * SECTOR;
  const present = await host.client.blockCapacity(target.domain, target.dev);
  if (present < sizeBytes) await host.client.resizeBlock(target.domain, target.dev, sizeBytes);
  return Math.max(present, sizeBytes);
}
