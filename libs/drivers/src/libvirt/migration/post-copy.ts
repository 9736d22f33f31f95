/** What post-copy needs of a host. */
import { readFile, stat } from 'node:fs/promises';
import type { HostUser } from '../../files/reachable.js';
import type { LibvirtHost } from '../libvirt-host.js';
import { qemuUserOf } from '../qemu-user.js';

/** What a kernel and a QEMU say of themselves, as far as it matters here. */
export interface PageFaultRights {
  readonly user: HostUser;
  /** As `8.1.0`. */
  readonly qemuVersion: string;
  /** Content of `/proc/sys/vm/unprivileged_userfaultfd`; undefined when there is none. */
  readonly unprivileged: string | undefined;
  /** Owner and mode of `/dev/userfaultfd`; undefined when there is none. */
  readonly device: { readonly uid: number; readonly gid: number; readonly mode: number } | undefined;
}

/** From this version on QEMU opens `/dev/userfaultfd`. */
const QEMU_WITH_DEVICE = 8;

/**
 * Why a QEMU on this host cannot run a guest whose memory is not complete: it has to be told of every page that the
 * guest misses, by the kernel's `userfaultfd`. Undefined: it can.
 */
export function whyNoPostCopy({ user, qemuVersion, unprivileged, device }: PageFaultRights): string | undefined {
  if (unprivileged === undefined) return 'has a kernel without userfaultfd (CONFIG_USERFAULTFD, Linux 5.2 or later)';
  if (user.uid === 0 || unprivileged.trim() === '1') return undefined;
  if (Number(qemuVersion.split('.')[0]) >= QEMU_WITH_DEVICE && device !== undefined && mayUse(user, device))
    return undefined;
  return `lets root alone handle page faults, and its QEMU is user ${user.uid}: set there "sysctl vm.unprivileged_userfaultfd=1", and in /etc/sysctl.d for good`;
}

function mayUse(user: HostUser, { uid, gid, mode }: NonNullable<PageFaultRights['device']>): boolean {
  const READ_WRITE = 6;
  const shift = user.uid === uid ? 6 : user.gid === gid ? 3 : 0;
  return ((mode >> shift) & READ_WRITE) === READ_WRITE;
}

/** {@link whyNoPostCopy} of this host. */
export async function noPostCopyHere(host: LibvirtHost): Promise<string | undefined> {
  return whyNoPostCopy({
    user: qemuUserOf(await host.client.capabilities()),
    qemuVersion: await host.client.hypervisorVersion(),
    unprivileged: await readFile('/proc/sys/vm/unprivileged_userfaultfd', 'utf8').catch(unlessThere),
    device: await stat('/dev/userfaultfd').catch(unlessThere),
  });
}

function unlessThere(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}
