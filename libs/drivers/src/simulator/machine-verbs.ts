import type { PowerState, VmSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import type { DriverVerbs } from '../driver.js';
import { disksOf, hasDisc, othersUp, requireFree } from './plugging.js';
import type { SimulatedWorld } from './world.js';

type MachineVerbs = Pick<
  DriverVerbs,
  'ensureVmRunning' | 'requestVmShutdown' | 'ensureVmStopped' | 'ensureVmGone' | 'getVm' | 'getSerialLog'
>;

/**
 * Machines of a simulated host.
 *
 * @param shutdownMs how long a guest takes to obey the power button
 */
export function machineVerbs(world: SimulatedWorld, hostId: string, shutdownMs: number): MachineVerbs {
  const powerOf = (vmId: string): PowerState => world.host(hostId).vms[vmId]?.power ?? 'absent';
  /** Guests that are shutting down; a guest hears its power button once, and a new boot has not heard it. */
  const obeying = new Map<string, NodeJS.Timeout>();
  const forgetButton = (vmId: string): void => {
    clearTimeout(obeying.get(vmId));
    obeying.delete(vmId);
  };
  return {
    ensureVmRunning: async ({ vm }) => {
      if (world.host(hostId).vms[vm.id]?.held === true)
        throw new DurastackError('STEP_REFUSED', `Machine ${vm.id} is held by a migration and may run elsewhere.`);
      if (powerOf(vm.id) !== 'running') {
        forgetButton(vm.id);
        start(world, hostId, vm);
      }
      return { power: 'running' };
    },
    requestVmShutdown: async ({ vmId }) => {
      const power = powerOf(vmId);
      if (power === 'running' && !obeying.has(vmId)) {
        const obey = setTimeout(() => {
          obeying.delete(vmId);
          if (powerOf(vmId) === 'running') world.setPower(hostId, vmId, 'off');
        }, shutdownMs);
        obeying.set(vmId, obey);
      }
      return { power };
    },
    ensureVmStopped: async ({ vmId }) => {
      if (powerOf(vmId) !== 'absent') world.setPower(hostId, vmId, 'off');
      return { power: powerOf(vmId) };
    },
    ensureVmGone: async ({ vmId }) => {
      if (powerOf(vmId) !== 'absent') world.setPower(hostId, vmId, 'off');
      world.forgetVm(hostId, vmId);
      return {};
    },
    getVm: async ({ vmId }) => ({ power: powerOf(vmId) }),
    getSerialLog: async ({ vmId, maxBytes }) => {
      const { serial } = world.vm(hostId, vmId);
      return { text: serial.slice(-maxBytes), truncated: serial.length > maxBytes };
    },
  };
}

function start(world: SimulatedWorld, hostId: string, vm: VmSpec): void {
  const host = world.host(hostId);
  const { seed, disc, ...rest } = vm;
  // Without its disc rather than not at all.
  const spec = disc && hasDisc(world, disc) ? { ...rest, disc } : rest;
  for (const volume of disksOf(vm)) {
    requireFree(world, hostId, { vmId: vm.id, volume });
    const present = world.pool(hostId, volume.pool).volumes[volume.id];
    if (present) present.writtenBy ??= vm.id;
  }
  const others = othersUp(world, hostId, vm.id);
  if (others.reduce((sum, other) => sum + other.spec.memoryMib, vm.memoryMib) > host.memoryMib) {
    throw new DurastackError('STEP_REFUSED', `Host ${hostId} has no ${vm.memoryMib} MiB of memory left.`);
  }
  for (const nic of vm.nics) host.networks[nic.network.id] = nic.network;
  const serial = host.vms[vm.id]?.serial ?? '';
  const power = host.vms[vm.id]?.power ?? 'off';
  host.vms[vm.id] = { spec, power, serial: `${serial}${seed.hostname} login: ` };
  world.setPower(hostId, vm.id, 'running');
}
