/**
 * Verb `ensureVmRunning`.
 *
 * Order: networks, port rules, seed, definition, start. Port rules are in force before the guest can send its first
 * frame. All-or-nothing: what a failed attempt made is removed again; networks stay, others may use them.
 */
import type { PowerState, VmSpec } from '@durastack/contracts/agent/specs';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import { setTimeout as sleep } from 'node:timers/promises';
import { requireReachable } from '../files/reachable.js';
import { writeSeedImage } from '../image/seed.js';
import type { DiskSource } from '../pool-driver.js';
import { withRevert } from '../process/reverter.js';
import { openDataDisks } from './data-disks.js';
import { domainXml } from './domain-xml.js';
import type { OpenedDisk } from './disk-xml.js';
import type { LibvirtHost } from './libvirt-host.js';
import { qemuUserOf } from './qemu-user.js';
import type { Domain } from './rpc/client.js';
import { LIBVIRT_ERROR } from './rpc/protocol.js';
import { isLibvirtError } from './rpc/remote-error.js';
import { makeVmDir, removeVmDir, vmFiles } from './vm-files.js';

const START_UP_POLL_MS = 100;

/**
 * The machine runs with its networks, seed and domain. A running one is left as it is, a paused one is resumed, an off
 * one is defined anew (its specification may have changed) and started.
 *
 * @throws DurastackError `STEP_REFUSED` when libvirt or a tool refuses, `CONFLICT` when a foreign domain or bridge is in
 * the way, `CANCELLED` on abort
 */
export async function ensureVmRunning(host: LibvirtHost, vm: VmSpec, signal: AbortSignal): Promise<PowerState> {
  const domain = await awaitSettled(host, await host.domains.find(vm.id), signal);
  const power = await host.domains.power(domain);
  if (domain && power === 'running') return power;
  if (domain && power === 'paused') {
    await host.client.resumeDomain(domain);
    return host.domains.power(domain);
  }
  return withRevert(async (onFailure) => {
    const files = vmFiles(host.stateDir, vm.id);
    const isNew = domain === undefined;
    if (isNew) onFailure(() => removeVmDir(files));
    const qemu = qemuUserOf(await host.client.capabilities());
    await makeVmDir(files, qemu);
    const rootDisk = await host.pools.openDisk(vm.rootVolume, qemu);
    const dataDisks = await openDataDisks(host, vm.dataVolumes);
    await requireReachable(files.dir, qemu, 'let the agent keep its machines elsewhere (DURASTACK_AGENT_STATE_DIR)');
    stopIfAborted(signal, vm);
    for (const nic of vm.nics) await host.networks.ensure(nic.network);
    if (isNew) onFailure(() => host.networks.unbind(vm.id));
    await Promise.all([host.networks.bind(vm.id, vm.nics), writeSeed(vm, files.seed)]);
    stopIfAborted(signal, vm);
    onFailure(() => removeHalfStarted(host, vm.id, isNew));
    const defined = await define(host, vm, { rootDisk, dataDisks, former: domain });
    stopIfAborted(signal, vm);
    const started = await host.client.createDomain(defined);
    await host.networks.plugged(vm.id);
    return host.domains.power(started);
  });
}

/** Waits while another, timed-out start is still under way in libvirt. */
async function awaitSettled(
  host: LibvirtHost,
  domain: Domain | undefined,
  signal: AbortSignal,
): Promise<Domain | undefined> {
  while (domain && (await host.domains.isStartingUp(domain))) await sleep(START_UP_POLL_MS, undefined, { signal });
  return domain;
}

interface Plan {
  readonly rootDisk: DiskSource;
  readonly dataDisks: readonly OpenedDisk[];
  readonly former: Domain | undefined;
}

async function define(host: LibvirtHost, vm: VmSpec, { rootDisk, dataDisks, former }: Plan): Promise<Domain> {
  // libvirt takes a new definition under the same id only with the same name.
  if (former && former.name !== vm.domainName) await host.client.undefineDomain(former);
  const files = vmFiles(host.stateDir, vm.id);
  const xml = domainXml({
    vm,
    instance: host.instance,
    accelerator: await host.accelerator(),
    withoutOffloads: await host.networks.tapsWithoutOffloads(vm.nics),
    rootDisk,
    dataDisks,
    paths: {
      seed: files.seed,
      serialLog: files.serialLog,
      vncSocket: files.vncSocket,
    },
  });
  return host.client.defineDomain(xml);
}

/** After a failed or timed-out start: no process; no definition either when there was none before. */
async function removeHalfStarted(host: LibvirtHost, vmId: string, isNew: boolean): Promise<void> {
  const domain = await host.domains.find(vmId);
  if (!domain) return;
  if ((await host.domains.power(domain)) !== 'off') {
    await host.client.destroyDomain(domain).catch((error: unknown) => {
      if (!isLibvirtError(error, LIBVIRT_ERROR.operationInvalid)) throw error;
    });
  }
  if (isNew) await host.client.undefineDomain(domain);
}

async function writeSeed(vm: VmSpec, path: string): Promise<void> {
  const { instanceId, hostname, publicKeys, userDataBase64 } = vm.seed;
  const userData = userDataBase64 === undefined ? {} : { userData: Buffer.from(userDataBase64, 'base64') };
  await writeSeedImage({ path, instanceId, hostname, publicKeys, ...userData });
}

function stopIfAborted(signal: AbortSignal, vm: VmSpec): void {
  if (!signal.aborted) return;
  if (isDurastackError(signal.reason)) throw signal.reason;
  throw new DurastackError('CANCELLED', `The start of ${vm.domainName} was cancelled`);
}
