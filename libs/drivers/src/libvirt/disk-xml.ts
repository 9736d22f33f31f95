/** A machine's data disks as libvirt's XML. Pure. */
import type { DataVolumeSpec } from '@durastack/contracts/agent/specs';
import { create } from 'xmlbuilder2';
import { volumePath } from '../directory-pool/paths.js';

/** An element to be written by xmlbuilder2. */
export type Xml = Record<string, unknown>;

/** What the guest sees of a disk's identity, under /dev/disk/by-id: virtio takes 20 characters of it. */
export const diskSerial = (volumeId: string): string => volumeId.replaceAll('-', '').slice(0, 20);

/** The device name of a data disk in the definition: vda is the root disk, vdb the seed. Guests name them in their own way. */
export const diskTarget = (deviceId: number): string => `vd${String.fromCharCode('b'.charCodeAt(0) + deviceId)}`;

/** A data disk. Its format is named, so that QEMU never probes what a guest wrote. */
export function dataDisk({ volume, deviceId }: DataVolumeSpec): Xml {
  // Several hosts may hold a shared file system's pages: only there must the host's page cache stay out of it.
  const cache = volume.pool.kind === 'shared-mount-point' ? 'none' : 'writeback';
  return {
    '@type': 'file',
    '@device': 'disk',
    driver: { '@name': 'qemu', '@type': 'qcow2', '@cache': cache, '@discard': 'unmap' },
    source: { '@file': volumePath(volume) },
    backingStore: {},
    target: { '@dev': diskTarget(deviceId), '@bus': 'virtio' },
    serial: diskSerial(volume.id),
  };
}

/** The element for a device that is plugged in or out by itself. */
export const deviceXml = (device: Xml): string => create(device).end({ headless: true });
