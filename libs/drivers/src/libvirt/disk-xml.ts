/** A machine's disks as libvirt's XML. Pure. */
import { create } from 'xmlbuilder2';
import type { DiskSource } from '../pool-driver.js';

/** An element to be written by xmlbuilder2. */
export type Xml = Record<string, unknown>;

/** What the guest sees of a disk's identity, under /dev/disk/by-id: virtio takes 20 characters of it. */
export const diskSerial = (volumeId: string): string => volumeId.replaceAll('-', '').slice(0, 20);

/** Position and device name of the root disk. */
export const [ROOT_DEVICE, ROOT_TARGET] = [0, 'vda'] as const;

/** The device name of a data disk in the definition: vda is the root disk, vdb the seed. Guests name them in their own way. */
export const diskTarget = (deviceId: number): string => `vd${String.fromCharCode('b'.charCodeAt(0) + deviceId)}`;

/** A data disk with the place of its bytes. */
export interface OpenedDisk {
  readonly volumeId: string;
  readonly deviceId: number;
  readonly source: DiskSource;
}

/** A disk of the machine. Its format is named, so that QEMU never probes what a guest wrote. */
export function diskXml(source: DiskSource, { target, volumeId }: { target: string; volumeId: string }): Xml {
  return {
    '@type': source.type === 'file' ? 'file' : 'network',
    '@device': 'disk',
    driver: { '@name': 'qemu', '@type': source.format, '@cache': cacheOf(source), '@discard': 'unmap' },
    ...(source.type === 'file' ? fileSource(source) : rbdSource(source)),
    target: { '@dev': target, '@bus': 'virtio' },
    serial: diskSerial(volumeId),
  };
}

/** A data disk. */
export const dataDiskXml = ({ volumeId, deviceId, source }: OpenedDisk): Xml =>
  diskXml(source, { target: diskTarget(deviceId), volumeId });

/** Where the CD drive is: on virtio, since cloud kernels have drivers for that but none for AHCI or IDE. */
export const CD_TARGET = 'sda';
/** The bus of the CD drive. */
export const CD_CONTROLLER: Xml = { '@type': 'scsi', '@model': 'virtio-scsi' };

/** The CD drive with the file that is in it, or nothing. Image stores keep ISOs as they keep templates. */
export function cdDriveXml(file: string | undefined): Xml {
  return {
    '@type': 'file',
    '@device': 'cdrom',
    driver: { '@name': 'qemu', '@type': 'qcow2' },
    ...(file === undefined ? {} : { source: { '@file': file, ...KEPT_OWNER }, backingStore: {} }),
    target: { '@dev': CD_TARGET, '@bus': 'scsi' },
    readonly: {},
  };
}

/** Several hosts may hold a shared file system's pages: only there must the host's page cache stay out of it. */
const cacheOf = (source: DiskSource): string => (source.type === 'file' && source.shared ? 'none' : 'writeback');

/** Files that many machines read stay root's, or libvirt would give them to QEMU's user for good. */
const KEPT_OWNER = { seclabel: { '@model': 'dac', '@relabel': 'no' } };

function fileSource({ path, backing }: DiskSource & { type: 'file' }): Xml {
  if (backing === undefined) return { source: { '@file': path }, backingStore: {} };
  const base = { '@file': backing, ...KEPT_OWNER };
  return {
    source: { '@file': path },
    backingStore: { '@type': 'file', format: { '@type': 'qcow2' }, source: base, backingStore: {} },
  };
}

function rbdSource({ name, monitors, user, secretUuid }: DiskSource & { type: 'rbd' }): Xml {
  const host = monitors.map((monitor) => ({ '@name': monitor.host, '@port': monitor.port }));
  const auth = { '@username': user, secret: { '@type': 'ceph', '@uuid': secretUuid } };
  return { source: { '@protocol': 'rbd', '@name': name, host, auth } };
}

/** The element for a device that is plugged in or out by itself. */
export const deviceXml = (device: Xml): string => create(device).end({ headless: true });
