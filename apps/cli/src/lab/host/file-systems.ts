/**
 * The file systems of a lab host, made by its first process in a mount namespace of its own.
 *
 * System folders that programs write to are overlays: below this machine's, above the host's disk, which survives its
 * power cycles. `/run` is new at each start. Everything else (`/usr`, `/dev`) is this machine's.
 */
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runOrFail } from '../../system/run.js';
import { HOST_PLACES, hostFiles, type HostSpec } from './host-spec.js';

/** What a host has of its own above this machine's. */
const OVERLAYS = ['/etc', '/var', '/opt', '/srv', '/usr/local'];
/** Folders of the host alone: what this machine has there is not seen. */
const OWN_FOLDERS = [
  // The user's own start-up files are not for hosts: what they lock or write outlives a power failure.
  '/root',
  '/etc/libvirt',
  '/var/lib/libvirt',
  '/var/log/libvirt',
  '/var/cache/libvirt',
  '/etc/openvswitch',
  '/var/lib/openvswitch',
  '/var/log/openvswitch',
  '/etc/systemd/system',
];
/** Where the outside is reached while the overlays are made; stays, hidden from the rest of the machine. */
const OUTSIDE = '/mnt';
const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** Mounts them. The caller is in a fresh mount namespace that holds nothing else. */
export async function mountFileSystems(spec: HostSpec): Promise<void> {
  await mount('--make-rprivate', '/');
  await mount('-t', 'tmpfs', '-o', 'mode=755,size=1m', 'lab', OUTSIDE);
  const outside = (name: string): string => join(OUTSIDE, name);
  const sources = { host: spec.directory, shared: spec.shared, cache: spec.libvirtCache };
  for (const [name, path] of Object.entries(sources)) await bind(path, outside(name));
  for (const [index, path] of spec.keep.entries()) await bind(path, outside(`keep-${index}`));
  for (const path of OVERLAYS) await overlay(path, outside('host/disk'));
  for (const path of OWN_FOLDERS) await bind(join(outside('host/disk/own'), path), path);
  for (const [index, path] of spec.keep.entries()) {
    if ([...OVERLAYS, ...OWN_FOLDERS].some((folder) => path.startsWith(`${folder}/`)))
      await bind(outside(`keep-${index}`), path);
  }
  await mount('-t', 'tmpfs', '-o', 'mode=755', 'run', '/run');
  await bind(outside('shared/direct'), HOST_PLACES.shared);
  await bind(outside('shared/images'), HOST_PLACES.images);
  await mount('--bind', hostFiles(outside('host')).bootId, BOOT_ID);
  await runOrFail('Filling the cache of libvirt', 'cp', ['-a', `${outside('cache')}/.`, '/var/cache/libvirt/']);
  layOut();
}

/** The path of the shared directory that the FUSE file system passes on. */
export const FUSE_SOURCE = join(OUTSIDE, 'shared/fuse');

/** What programs expect to be there after a start. */
function layOut(): void {
  const folders = [
    '/run/lock',
    '/run/lab',
    '/run/sshd',
    '/run/openvswitch',
    '/run/libvirt',
    // Says to those who ask that services are managed here; /run/lab/init.sock does it.
    '/run/systemd/system',
    '/var/lib/libvirt/qemu',
    '/var/log/libvirt/qemu',
    '/etc/libvirt/qemu/networks',
    HOST_PLACES.logs,
    HOST_PLACES.fuse,
  ];
  for (const path of folders) mkdirSync(path, { recursive: true });
  // Compatibility name of /run where /var/run is no link.
  if (!existsSync('/var/run')) symlinkSync('/run', '/var/run');
  writeFileSync('/etc/libvirt/qemu/networks/.lab', '');
}

async function overlay(path: string, disk: string): Promise<void> {
  const [upper, work] = ['upper', 'work'].map((kind) => join(disk, kind, path)) as [string, string];
  for (const folder of [upper, work]) mkdirSync(folder, { recursive: true });
  await mount('-t', 'overlay', 'overlay', '-o', `lowerdir=${path},upperdir=${upper},workdir=${work}`, path);
}

async function bind(from: string, to: string): Promise<void> {
  mkdirSync(from, { recursive: true });
  mkdirSync(to, { recursive: true });
  await mount('--bind', from, to);
}

async function mount(...args: string[]): Promise<void> {
  await runOrFail(`Mounting (${args.join(' ')})`, 'mount', args);
}
