/**
 * A machine's network side on the host that it moves to, in this order: {@link prepareNics} before libvirt makes its
 * taps; {@link awaitNics} while it waits for its memory, so that it may speak from its first moment here;
 * {@link announceNics} when it runs here. Nothing of it disturbs the machine where it still runs.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { VmSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import type { LibvirtHost } from './libvirt-host.js';

const LOOK_EVERY_MS = 100;

/** Its networks are on this host, and its interfaces are bound to their MACs and addresses. Safe to repeat. */
export async function prepareNics({ networks }: LibvirtHost, vm: Pick<VmSpec, 'id' | 'nics'>): Promise<void> {
  for (const { network } of vm.nics) await networks.ensure(network);
  await networks.bind(vm.id, vm.nics);
}

/** Resolves when its taps are plugged in and may speak; rejects with the signal's reason when that comes first. */
export async function awaitNics({ networks }: LibvirtHost, vmId: string, signal: AbortSignal): Promise<void> {
  while (!(await networks.arePlugged(vmId))) await sleep(LOOK_EVERY_MS, undefined, { signal });
  await networks.plugged(vmId);
}

/** Every switch learns that it is here now. It takes two seconds, in which it is said several times. */
export function announceNics({ networks }: LibvirtHost, vmId: string): Promise<void> {
  return networks.announce(vmId);
}

/**
 * Undoes {@link prepareNics}; the networks stay, others may use them. Safe to repeat.
 *
 * @throws DurastackError `CONFLICT` while the machine runs here
 */
export async function forgetNics(host: LibvirtHost, vmId: string): Promise<void> {
  const power = await host.domains.power(await host.domains.find(vmId));
  if (power === 'running' || power === 'paused')
    throw new DurastackError('CONFLICT', `Machine ${vmId} is ${power} on this host; it needs its interfaces`);
  await host.networks.unbind(vmId);
}
