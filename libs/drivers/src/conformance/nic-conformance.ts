/** Interfaces of running machines; part of the suite in driver-conformance.ts. */
import { expect, it } from 'vitest';
import type { MachineScene } from './machine-conformance.js';
import { guestNic } from './network-guest.js';

const GUEST_ANSWERS_WITHIN_MS = 60_000;

/** Interfaces that are plugged in and out. */
export function describeNics(machines: MachineScene): void {
  it(
    'plugs an interface into a running machine once, and says when its guest does not let go of it',
    async (context) => {
      const { network } = machines.subject();
      if (network === undefined) return context.skip();
      const vm = await machines.makeRunning();
      const nic = { ...guestNic(network, 77), isDefault: false };
      const set = (nics: (typeof nic)[]) => machines.caller().twice('ensureVmNics', { vmId: vm.id, nics });
      expect(await set([...vm.nics, nic])).toEqual({ power: 'running', settled: true });
      const networks = (await machines.caller().call('getInventory', { pools: [] })).networks;
      expect(networks).toContain(network.id);
      await machines.subject().ignoreUnplugging?.(vm.id);
      expect(await set([...vm.nics])).toEqual({ power: 'running', settled: false });
      expect(await set([...vm.nics, nic])).toEqual({ power: 'running', settled: true });
      await machines.caller().call('ensureVmStopped', { vmId: vm.id });
      expect(await set([])).toEqual({ power: 'off', settled: true });
      await machines.remove(vm);
      expect(await set([])).toEqual({ power: 'absent', settled: true });
      await machines.caller().twice('ensureNetworkGone', { networkId: network.id });
    },
    GUEST_ANSWERS_WITHIN_MS,
  );
}
