/** What a host must have before a machine can run on it, whether it starts there or comes from another host. */
import type { VmSpec } from '@durastack/contracts/agent/specs';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import { requireReachable } from '../files/reachable.js';
import { writeSeedImage } from '../image/seed.js';
import type { DiskSharing, DiskSource } from '../pool-driver.js';
import { openDataDisks } from './data-disks.js';
import { openDisc } from './disc.js';
import type { OpenedDisk } from './disk-xml.js';
import { domainXml } from './domain-xml.js';
import type { LibvirtHost } from './libvirt-host.js';
import { qemuUserOf } from './qemu-user.js';
import { makeVmDir, removeVmDir, vmFiles } from './vm-files.js';

/** A machine's disks, which QEMU can open. */
export interface PreparedDisks {
  readonly rootDisk: DiskSource;
  readonly dataDisks: readonly OpenedDisk[];
  /** The file in its CD drive, if there is one. */
  readonly disc: string | undefined;
}

/** How {@link prepareVm} goes about it. */
export interface Preparation {
  /** Nothing of the machine was here before: a failure leaves nothing. */
  readonly isNew: boolean;
  readonly onFailure: (undo: () => Promise<unknown>) => void;
  readonly signal: AbortSignal;
  /** Absent for one that arrives while its source still has the disks. */
  readonly sharing?: DiskSharing;
}

/** Its directory, disks, networks, port rules and seed are there. Networks stay when it fails: others may use them. */
export async function prepareVm(
  host: LibvirtHost,
  vm: VmSpec,
  { isNew, onFailure, signal, sharing }: Preparation,
): Promise<PreparedDisks> {
  const files = vmFiles(host.stateDir, vm.id);
  if (isNew) onFailure(() => removeVmDir(files));
  const qemu = qemuUserOf(await host.client.capabilities());
  await makeVmDir(files, qemu);
  await requireReachable(files.dir, qemu, 'let the agent keep its machines elsewhere (DURASTACK_AGENT_STATE_DIR)');
  const rootDisk = await host.pools.openDisk(vm.rootVolume, qemu, sharing);
  const dataDisks = await openDataDisks(host, vm.dataVolumes, sharing);
  const disc = vm.disc && (await openDisc(vm.disc, qemu).catch((error: unknown) => emptyAtStart(error, sharing)));
  stopIfAborted(signal, vm);
  for (const nic of vm.nics) await host.networks.ensure(nic.network);
  if (isNew) onFailure(() => host.networks.unbind(vm.id));
  await Promise.all([host.networks.bind(vm.id, vm.nics), writeSeed(vm, files.seed)]);
  stopIfAborted(signal, vm);
  return { rootDisk, dataDisks, disc };
}

/** A machine starts without its disc rather than not at all; to a guest that runs it must not vanish on the way. */
function emptyAtStart(error: unknown, sharing: DiskSharing | undefined): undefined {
  if (sharing === 'alone' && isDurastackError(error, 'STEP_REFUSED')) return undefined;
  throw error;
}

/** The machine's definition on this host. */
export async function definitionOf(host: LibvirtHost, vm: VmSpec, disks: PreparedDisks): Promise<string> {
  const { seed, serialLog, vncSocket } = vmFiles(host.stateDir, vm.id);
  return domainXml({
    vm,
    instance: host.instance,
    accelerator: await host.accelerator(),
    withoutOffloads: await host.networks.tapsWithoutOffloads(vm.nics),
    ...disks,
    paths: { seed, serialLog, vncSocket },
  });
}

async function writeSeed(vm: VmSpec, path: string): Promise<void> {
  const { instanceId, hostname, publicKeys, userDataBase64, variables } = vm.seed;
  const userData = userDataBase64 === undefined ? {} : { userData: Buffer.from(userDataBase64, 'base64') };
  await writeSeedImage({ path, instanceId, hostname, publicKeys, ...userData, ...(variables ? { variables } : {}) });
}

/** Throws when the verb was cancelled. */
export function stopIfAborted(signal: AbortSignal, vm: { readonly domainName: string }): void {
  if (!signal.aborted) return;
  if (isDurastackError(signal.reason)) throw signal.reason;
  throw new DurastackError('CANCELLED', `The start of ${vm.domainName} was cancelled`);
}
