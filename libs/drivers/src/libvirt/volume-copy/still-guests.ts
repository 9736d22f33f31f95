/**
 * Machines that stand still for the moment in which a mirror begins.
 *
 * QEMU takes note of what a guest writes only once a new mirror has found out what there is to copy. A write that is on
 * its way just then is in neither, and is missing in the copy. (Upstream's test for it: tp-qemu, "Add test case to check
 * miss writes during startup", pull request 4456; seen with QEMU 7.2 by the spec of copyVolume.) A machine that is
 * suspended has no such write: QEMU waits for all that are on their way first.
 *
 * A mark among the machine's files says who stands still for this, so that nobody does for ever when the agent ends
 * meanwhile.
 */
import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LibvirtHost } from '../libvirt-host.js';
import type { Domain } from '../rpc/client.js';
import { listVmDirs, vmFiles } from '../vm-files.js';

/** Machines that this process holds at the moment. */
const held = new Set<string>();

/**
 * Does something while a machine stands still; it runs on after that, whatever comes of it. One that was paused before
 * stays so.
 *
 * @throws what `work` throws, or libvirt's error when the machine could not be let go: then {@link letGo} does it later
 */
export async function whileStill<T>(host: LibvirtHost, domain: Domain, work: () => Promise<T>): Promise<T> {
  if ((await host.domains.power(domain)) !== 'running') return work();
  held.add(domain.uuid);
  try {
    await writeFile(markOf(host, domain.uuid), '', { mode: 0o600 });
    await host.client.suspendDomain(domain);
    return await work();
  } finally {
    held.delete(domain.uuid);
    await letGo(host, domain.uuid);
  }
}

/** The machine runs on if it was left standing still. Idempotent. */
export async function letGo(host: LibvirtHost, vmId: string): Promise<void> {
  const mark = markOf(host, vmId);
  if (held.has(vmId) || !(await exists(mark))) return;
  const domain = await host.domains.find(vmId);
  if (domain && (await host.domains.power(domain)) === 'paused' && !(await host.domains.isHeld(domain)))
    await host.client.resumeDomain(domain);
  await rm(mark, { force: true });
}

/** Every machine that was left standing still, by an agent that ended, runs on. */
export async function letAllGo(host: LibvirtHost): Promise<void> {
  for (const vmId of await listVmDirs(host.stateDir)) await letGo(host, vmId);
}

function markOf({ stateDir }: LibvirtHost, vmId: string): string {
  return join(vmFiles(stateDir, vmId).dir, 'still');
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}
