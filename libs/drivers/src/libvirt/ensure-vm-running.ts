/**
 * Verb `ensureVmRunning`.
 *
 * Order: networks, port rules, seed, definition, start. Port rules are in force before the guest can send its first
 * frame. All-or-nothing: what a failed attempt made is removed again; networks stay, others may use them.
 */
import type { PowerState, VmSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import { setTimeout as sleep } from 'node:timers/promises';
import { withRevert } from '../process/reverter.js';
import type { LibvirtHost } from './libvirt-host.js';
import { definitionOf, prepareVm, stopIfAborted, type PreparedDisks } from './prepare-vm.js';
import type { Domain } from './rpc/client.js';
import { LIBVIRT_ERROR } from './rpc/protocol.js';
import { isLibvirtError } from './rpc/remote-error.js';

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
    if (await host.domains.isHeld(domain))
      throw new DurastackError('STEP_REFUSED', `${vm.domainName} is held by a migration and may run elsewhere.`);
    await host.client.resumeDomain(domain);
    return host.domains.power(domain);
  }
  return withRevert(async (onFailure) => {
    const isNew = domain === undefined;
    const disks = await prepareVm(host, vm, { isNew, onFailure, signal, sharing: 'alone' });
    onFailure(() => removeHalfStarted(host, vm.id, isNew));
    const defined = await define(host, vm, { ...disks, former: domain });
    stopIfAborted(signal, vm);
    const started = await host.client.createDomain(defined);
    await host.networks.plugged(vm.id);
    // It may have run on another host: until switches know that it is here, answers to its DHCP requests go there.
    await host.networks.announce(vm.id);
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

interface Plan extends PreparedDisks {
  readonly former: Domain | undefined;
}

async function define(host: LibvirtHost, vm: VmSpec, { former, ...disks }: Plan): Promise<Domain> {
  // libvirt takes a new definition under the same id only with the same name.
  if (former && former.name !== vm.domainName) await host.client.undefineDomain(former);
  return host.client.defineDomain(await definitionOf(host, vm, disks));
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
