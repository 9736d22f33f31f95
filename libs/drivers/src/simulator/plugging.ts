/** Disks and room of simulated machines while they run. */
import type { DataVolumeSpec, DiscSpec, NicSpec, VolumeSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import type { DriverVerbs } from '../driver.js';
import type { SimulatedVm, SimulatedWorld } from './world.js';

/** The machine, while it runs. */
function runningVm(world: SimulatedWorld, hostId: string, vmId: string): SimulatedVm | undefined {
  const vm = world.host(hostId).vms[vmId];
  return vm === undefined || vm.power === 'off' ? undefined : vm;
}

/** The other machines of the host that run. */
export const othersUp = (world: SimulatedWorld, hostId: string, vmId: string): SimulatedVm[] =>
  Object.values(world.host(hostId).vms).filter((other) => other.spec.id !== vmId && other.power !== 'off');

/** All disks of a machine. */
export const disksOf = ({ rootVolume, dataVolumes }: Pick<SimulatedVm['spec'], 'rootVolume' | 'dataVolumes'>) => [
  rootVolume,
  ...dataVolumes.map(({ volume }) => volume),
];

/** Whether the machine has the disk. */
export const has = ({ spec }: SimulatedVm, volumeId: string): boolean =>
  disksOf(spec).some(({ id }) => id === volumeId);

/** The volume is on its pool, and no other machine of the host uses it. STEP_REFUSED otherwise. */
export function requireFree(
  world: SimulatedWorld,
  hostId: string,
  { vmId, volume }: { vmId: string; volume: VolumeSpec },
): void {
  if (world.pool(hostId, volume.pool).volumes[volume.id] === undefined)
    throw new DurastackError('STEP_REFUSED', `Machine ${vmId} has no volume ${volume.id} on its pool.`);
  if (othersUp(world, hostId, vmId).some((other) => has(other, volume.id)))
    throw new DurastackError('STEP_REFUSED', `Volume ${volume.id} is in use by another machine.`);
  if (world.holderOf(volume.pool.id, volume.id) !== undefined)
    throw new DurastackError('STEP_REFUSED', `Volume ${volume.id} is held open for writing.`);
}

/** Plugs a disk in. */
function attach(world: SimulatedWorld, hostId: string, { vm, disk }: { vm: SimulatedVm; disk: DataVolumeSpec }): void {
  const { spec } = vm;
  if (has(vm, disk.volume.id)) return;
  if (spec.dataVolumes.some(({ deviceId }) => deviceId === disk.deviceId)) {
    const message = `Position ${disk.deviceId} of machine ${spec.id} is taken by another disk.`;
    throw new DurastackError('STEP_REFUSED', message);
  }
  requireFree(world, hostId, { vmId: spec.id, volume: disk.volume });
  spec.dataVolumes = [...spec.dataVolumes, disk];
  world.save(hostId);
}

/** Asks the guest for a disk. @returns whether the machine has it no longer */
function detach(
  world: SimulatedWorld,
  hostId: string,
  { vm, volumeId }: { vm: SimulatedVm; volumeId: string },
): boolean {
  if (!vm.keepsDisks) vm.spec.dataVolumes = vm.spec.dataVolumes.filter(({ volume }) => volume.id !== volumeId);
  world.save(hostId);
  return !has(vm, volumeId);
}

/** Gives a machine these interfaces and no others; says whether its guest let go of those. */
function setNics(
  world: SimulatedWorld,
  hostId: string,
  { vm, nics }: { vm: SimulatedVm; nics: readonly NicSpec[] },
): boolean {
  const wanted = new Set(nics.map(({ id }) => id));
  const stays = vm.keepsDisks === true && vm.spec.nics.some(({ id }) => !wanted.has(id));
  if (stays) return false;
  for (const nic of nics) world.host(hostId).networks[nic.network.id] = nic.network;
  vm.spec.nics = [...nics];
  world.save(hostId);
  return true;
}

/** Whether the image of a disc is in its store. */
export const hasDisc = (world: SimulatedWorld, { isoId, store }: DiscSpec): boolean =>
  world.images(store.id)[isoId] !== undefined;

/** It is. STEP_REFUSED otherwise. */
export function requireDisc(world: SimulatedWorld, disc: DiscSpec): void {
  const { isoId, store } = disc;
  if (!hasDisc(world, disc))
    throw new DurastackError('STEP_REFUSED', `The ISO ${isoId} is not in the image store ${store.id}.`);
}

/** Puts a disc into the drive of a machine, or takes out what is there. */
function setDisc(
  world: SimulatedWorld,
  hostId: string,
  { vm, disc, forced }: { vm: SimulatedVm; disc: DiscSpec | undefined; forced: boolean },
): void {
  const { disc: present, ...spec } = vm.spec;
  if (present?.isoId === disc?.isoId) return;
  if (disc) requireDisc(world, disc);
  if (present && vm.keepsDisks === true && !forced) {
    const text = 'The guest uses what is in its CD drive and does not let go of it';
    throw new DurastackError('NOT_ALLOWED_IN_STATE', `${text}: eject it there, or say forced=true.`);
  }
  vm.spec = disc ? { ...spec, disc } : spec;
  world.save(hostId);
}

/** Gives a machine more processors and memory. */
function grow(
  world: SimulatedWorld,
  hostId: string,
  { vm, vcpus, memoryMib }: { vm: SimulatedVm; vcpus: number; memoryMib: number },
): void {
  const { spec } = vm;
  const room = spec.growth ?? { maxVcpus: spec.vcpus, maxMemoryMib: spec.memoryMib };
  if (vcpus > room.maxVcpus || memoryMib > room.maxMemoryMib) {
    const started = `Machine ${spec.id} was started with room for ${room.maxVcpus} processors and ${room.maxMemoryMib} MiB`;
    throw new DurastackError('STEP_REFUSED', `${started}; stop it first.`);
  }
  spec.vcpus = Math.max(spec.vcpus, vcpus);
  spec.memoryMib = Math.max(spec.memoryMib, memoryMib);
  world.save(hostId);
}

type PluggingVerbs = Pick<
  DriverVerbs,
  'ensureVolumeAttached' | 'ensureVolumeDetached' | 'ensureVmSize' | 'ensureVmNics' | 'ensureVmDisc'
>;

/** What running machines are given and asked for. */
export function pluggingVerbs(world: SimulatedWorld, hostId: string): PluggingVerbs {
  const powerOf = (vmId: string) => ({ power: world.host(hostId).vms[vmId]?.power ?? ('absent' as const) });
  return {
    ensureVolumeAttached: async ({ vmId, disk }) => {
      const vm = runningVm(world, hostId, vmId);
      if (vm) attach(world, hostId, { vm, disk });
      return powerOf(vmId);
    },
    ensureVolumeDetached: async ({ vmId, volumeId }) => {
      const vm = runningVm(world, hostId, vmId);
      return { released: vm === undefined || detach(world, hostId, { vm, volumeId }) };
    },
    ensureVmNics: async ({ vmId, nics }) => {
      const vm = runningVm(world, hostId, vmId);
      return { ...powerOf(vmId), settled: vm === undefined || setNics(world, hostId, { vm, nics }) };
    },
    ensureVmDisc: async ({ vmId, disc, forced }) => {
      const vm = runningVm(world, hostId, vmId);
      if (vm) setDisc(world, hostId, { vm, disc, forced });
      return powerOf(vmId);
    },
    ensureVmSize: async ({ vmId, vcpus, memoryMib }) => {
      const vm = runningVm(world, hostId, vmId);
      if (vm) grow(world, hostId, { vm, vcpus, memoryMib });
      return powerOf(vmId);
    },
  };
}
