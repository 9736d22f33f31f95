/**
 * Machines that stand still for a moment: in which a mirror begins, and in which they go over to it.
 *
 * QEMU takes note of what a guest writes only once a new mirror has found out what there is to copy. A write that is on
 * its way just then is in neither, and is missing in the copy. (Upstream's test for it: tp-qemu, "Add test case to check
 * miss writes during startup", pull request 4456; seen with QEMU 7.2 by the spec of copyVolume.) A machine that is
 * suspended has no such write: QEMU waits for all that are on their way first, and flushes all its disks (`do_vm_stop`).
 *
 * The second is why it stands still to go over. A mirror in step has been given every write, but a guest's flush reaches
 * the source alone (QEMU's `bdrv_mirror_top_flush`): a QEMU that dies then may leave a target that lacks what the guest
 * was told is safe. Both are equal on disk while it stands still, so the definition may name the target from then on.
 *
 * A mark among the machine's files says who stands still for this, so that nobody does for ever when the agent ends
 * meanwhile, and what the definition has to name if it has not gone over by then.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DiskSource } from '../../pool-driver.js';
import type { LibvirtHost } from '../libvirt-host.js';
import type { Domain } from '../rpc/client.js';
import { listVmDirs, vmFiles } from '../vm-files.js';
import { defineOn, isAt, readDefinition } from './disk-definition.js';

/** Machines that this process holds at the moment. */
const held = new Set<string>();

/** The disk that a machine may go over from while it stands still. */
export interface Leaving {
  /** Its target name, e.g. `vda`. */
  readonly dev: string;
  readonly volumeId: string;
  /** Where it is until then. */
  readonly place: DiskSource;
}

/**
 * Does something while a machine stands still; it runs on after that, whatever comes of it. One that was paused before
 * stays so.
 *
 * @param leaving what its definition names again before it runs on, unless it has gone over from there
 * @throws what `work` throws, or libvirt's error when the machine could not be let go: then {@link letGo} does it later
 */
export async function whileStill<T>(
  host: LibvirtHost,
  domain: Domain,
  { work, leaving }: { readonly work: () => Promise<T>; readonly leaving?: Leaving },
): Promise<T> {
  if ((await host.domains.power(domain)) !== 'running') return work();
  held.add(domain.uuid);
  try {
    const mark = leaving === undefined ? '' : JSON.stringify(leaving);
    await writeFile(markOf(host, domain.uuid), mark, { mode: 0o600 });
    await host.client.suspendDomain(domain);
    return await work();
  } finally {
    held.delete(domain.uuid);
    await letGo(host, domain.uuid);
  }
}

/** The machine runs on if it was left standing still. Idempotent. */
export async function letGo(host: LibvirtHost, vmId: string): Promise<void> {
  const path = markOf(host, vmId);
  const mark = held.has(vmId) ? undefined : await readMark(path);
  if (mark === undefined) return;
  const domain = await host.domains.find(vmId);
  if (domain && (await host.domains.power(domain)) === 'paused' && !(await host.domains.isHeld(domain))) {
    if (mark !== '') await nameWhatItHas(host, domain, JSON.parse(mark) as Leaving);
    await host.client.resumeDomain(domain);
  }
  await rm(path, { force: true });
}

/** From now on its disk is written to again: its definition must not name another one that lacks that. */
async function nameWhatItHas(host: LibvirtHost, domain: Domain, { dev, volumeId, place }: Leaving): Promise<void> {
  const isThere = (xml: string): boolean =>
    readDefinition(xml).disks.some(({ source, target }) => target['@dev'] === dev && isAt(source, place));
  const next = await host.client.inactiveXml(domain);
  if (isThere(next) || !isThere(await host.client.presentXml(domain))) return;
  await host.client.defineDomain(defineOn(next, { dev, volumeId, place, copyId: undefined }));
}

/** Every machine that was left standing still, by an agent that ended, runs on. */
export async function letAllGo(host: LibvirtHost): Promise<void> {
  for (const vmId of await listVmDirs(host.stateDir)) await letGo(host, vmId);
}

function markOf({ stateDir }: LibvirtHost, vmId: string): string {
  return join(vmFiles(stateDir, vmId).dir, 'still');
}

async function readMark(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
