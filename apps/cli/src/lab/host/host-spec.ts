/** What the first process of a lab host is told, and where things lie in the host's folder. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const address = z.object({ device: z.string(), address: z.string() });

const hostSpec = z.object({
  /** Its host name. */
  name: z.string(),
  /** Identity of its firmware; survives power cycles, unlike the boot id. */
  uuid: z.uuid(),
  /** The host's own folder: its disk, keys, boot id. */
  directory: z.string(),
  management: address,
  underlay: address,
  storage: address,
  /** Folder that all hosts share; its parts appear below {@link HOST_PLACES}. */
  shared: z.string(),
  /** Libvirt's knowledge of the emulators, gathered once for all hosts. */
  libvirtCache: z.string(),
  /** Folders that must be seen in the host under the same path: those of the programs that run there. */
  keep: z.array(z.string()),
  /** How guests run on this machine; probed once for all hosts. */
  accelerator: z.enum(['kvm', 'tcg']),
});
/** See the members. */
export type HostSpec = z.infer<typeof hostSpec>;

/** Shared folders as hosts see them. */
export const HOST_PLACES = {
  /** A plain shared directory: QEMU's image locks work between hosts. */
  shared: '/srv/shared',
  /** The same kind of directory behind a FUSE file system of each host, which can be stopped. */
  fuse: '/srv/fuse',
  images: '/srv/images',
  logs: '/var/log/lab',
  controlSocket: '/run/lab/init.sock',
  ready: '/run/lab/ready',
} as const;

/** Files of a host outside of it. */
export function hostFiles(directory: string) {
  return {
    spec: join(directory, 'host.json'),
    power: join(directory, 'power.json'),
    lock: join(directory, 'lock'),
    bootId: join(directory, 'boot-id'),
    disk: join(directory, 'disk'),
    sshKey: join(directory, 'ssh-host-key'),
    authorizedKeys: join(directory, 'authorized-keys'),
    faults: join(directory, 'faults.json'),
    console: join(directory, 'console.log'),
  };
}

/** Reads a host's specification. */
export function readHostSpec(directory: string): HostSpec {
  return hostSpec.parse(JSON.parse(readFileSync(hostFiles(directory).spec, 'utf8')));
}
