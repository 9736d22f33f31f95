/** Data disks and growth of running machines; part of the suite in driver-conformance.ts. */
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { DataVolumeSpec, VmSpec } from '@durastack/contracts/agent/specs';
import type { MachineScene } from './machine-conformance.js';

const MIB = 2 ** 20;
const GUEST_ANSWERS_WITHIN_MS = 60_000;

class Disks {
  constructor(private readonly machines: MachineScene) {}

  /** A disk on the pool that no machine has. */
  async make(deviceId: number): Promise<DataVolumeSpec> {
    const volume = { id: randomUUID(), pool: this.machines.subject().pool, sizeBytes: 64 * MIB };
    await this.machines.caller().call('ensureVolume', { volume });
    return { volume, deviceId };
  }

  attach(vm: VmSpec, disk: DataVolumeSpec): Promise<{ power: string }> {
    return this.machines.caller().call('ensureVolumeAttached', { vmId: vm.id, disk });
  }

  async remove(...disks: DataVolumeSpec[]): Promise<void> {
    for (const { volume } of disks) {
      const gone = { volumeId: volume.id, pool: volume.pool };
      await this.machines.caller().twice('ensureVolumeGone', gone);
    }
  }
}

/** Disks that are plugged in and out. */
export function describeDataDisks(machines: MachineScene): void {
  const disks = new Disks(machines);
  describePlugging(machines, disks);
  describePresentDisks(machines, disks);
}

function describePlugging(machines: MachineScene, disks: Disks): void {
  it('plugs a disk into a running machine once, and lets no other machine have it', async () => {
    const [vm, other] = [await machines.makeRunning(), await machines.makeRunning()];
    const disk = await disks.make(1);
    expect(await disks.attach(vm, disk)).toEqual({ power: 'running' });
    expect(await disks.attach(vm, disk)).toEqual({ power: 'running' });
    const second = machines.caller().once('ensureVolumeAttached', { vmId: other.id, disk });
    const waits = machines.subject().secondOpener === 'waits';
    await expect(second).rejects.toMatchObject({ code: waits ? 'BACKEND_BUSY' : 'STEP_REFUSED' });
    await machines.remove(vm);
    expect(await disks.attach(other, disk)).toEqual({ power: 'running' });
    await machines.remove(other);
    expect(await machines.subject().volumeSizeBytes(disk.volume.id)).toBe(disk.volume.sizeBytes);
    await disks.remove(disk);
  });

  it('refuses a position that is taken, and a disk that is not there', async () => {
    const vm = await machines.makeRunning();
    const [first, second] = [await disks.make(3), await disks.make(3)];
    await disks.attach(vm, first);
    await expect(disks.attach(vm, second)).rejects.toMatchObject({ code: 'STEP_REFUSED' });
    const never = { volume: { ...first.volume, id: randomUUID() }, deviceId: 4 };
    await expect(disks.attach(vm, never)).rejects.toMatchObject({ code: 'STEP_REFUSED' });
    await machines.remove(vm);
    await disks.remove(first, second);
  });

  it('starts a machine with its disks; one that does not run holds none', async () => {
    const disk = await disks.make(2);
    const vm = { ...machines.subject().makeVm(), dataVolumes: [disk] };
    const { id: vmId } = vm;
    const caller = machines.caller();
    expect(await disks.attach(vm, disk)).toEqual({ power: 'absent' });
    expect(await caller.call('ensureVolumeDetached', { vmId, volumeId: disk.volume.id })).toEqual({ released: true });
    await caller.call('ensureVolume', { volume: vm.rootVolume });
    expect(await caller.call('ensureVmRunning', { vm })).toEqual({ power: 'running' });
    expect(await disks.attach(vm, disk)).toEqual({ power: 'running' });
    await caller.call('ensureVmStopped', { vmId });
    expect(await caller.call('ensureVolumeDetached', { vmId, volumeId: disk.volume.id })).toEqual({ released: true });
    await machines.remove(vm);
    await disks.remove(disk);
  });
}

function describePresentDisks(machines: MachineScene, disks: Disks): void {
  it('refuses to start a machine without one of its disks', async () => {
    const disk = await disks.make(1);
    await disks.remove(disk);
    const vm = { ...machines.subject().makeVm(), dataVolumes: [disk] };
    await machines.caller().call('ensureVolume', { volume: vm.rootVolume });
    await expect(machines.caller().call('ensureVmRunning', { vm })).rejects.toMatchObject({ code: 'STEP_REFUSED' });
    expect(await machines.caller().call('getVm', { vmId: vm.id })).toEqual({ power: 'absent' });
    await machines.remove(vm);
  });

  it(
    'says when a guest does not let go of a disk, which then stays',
    async () => {
      const vm = await machines.makeRunning();
      const disk = await disks.make(1);
      await disks.attach(vm, disk);
      await machines.subject().ignoreUnplugging?.(vm.id);
      const asked = { vmId: vm.id, volumeId: disk.volume.id };
      expect(await machines.caller().twice('ensureVolumeDetached', asked)).toEqual({ released: false });
      expect(await disks.attach(vm, disk)).toEqual({ power: 'running' });
      await machines.remove(vm);
      await disks.remove(disk);
    },
    GUEST_ANSWERS_WITHIN_MS,
  );

  it('grows a disk that a running machine has, and one that none has; never makes one', async () => {
    const vm = await machines.makeRunning();
    const disk = await disks.make(1);
    await disks.attach(vm, disk);
    const size = () => machines.subject().volumeSizeBytes(disk.volume.id);
    const to = (mib: number) => ({ ...disk.volume, sizeBytes: mib * MIB });
    const caller = machines.caller();
    expect(await caller.twice('ensureVolumeSize', { volume: to(128), vmId: vm.id })).toEqual({ sizeBytes: 128 * MIB });
    expect(await size()).toBe(128 * MIB);
    await caller.call('ensureVolumeSize', { volume: to(64), vmId: vm.id });
    expect(await size()).toBe(128 * MIB);
    await machines.remove(vm);
    expect(await caller.twice('ensureVolumeSize', { volume: to(192) })).toEqual({ sizeBytes: 192 * MIB });
    expect(await size()).toBe(192 * MIB);
    await disks.remove(disk);
    await expect(caller.call('ensureVolumeSize', { volume: to(256) })).rejects.toMatchObject({ code: 'STEP_REFUSED' });
    expect(await size()).toBeUndefined();
  });
}

/** Machines that grow while they run. */
export function describeGrowth(machines: MachineScene): void {
  it('gives a running machine processors and memory, as far as it was started with room for', async () => {
    const made = machines.subject().makeVm();
    const memoryMib = 128;
    const vm = { ...made, memoryMib, growth: { maxVcpus: 4, maxMemoryMib: 512 } };
    await machines.caller().call('ensureVolume', { volume: vm.rootVolume });
    await machines.caller().call('ensureVmRunning', { vm });
    const grow = (vcpus: number, memory: number) =>
      machines.caller().twice('ensureVmSize', { vmId: vm.id, vcpus, memoryMib: memory });
    expect(await grow(2, 256)).toEqual({ power: 'running' });
    expect(await grow(1, 128)).toEqual({ power: 'running' });
    await expect(grow(5, 256)).rejects.toMatchObject({ code: 'STEP_REFUSED' });
    await expect(grow(2, 1_024)).rejects.toMatchObject({ code: 'STEP_REFUSED' });
    await machines.caller().call('ensureVmStopped', { vmId: vm.id });
    expect(await grow(8, 4_096)).toEqual({ power: 'off' });
    await machines.remove(vm);
  });

  it('refuses growth to a machine that was started without room', async () => {
    const vm = await machines.makeRunning();
    const more = { vmId: vm.id, vcpus: vm.vcpus + 1, memoryMib: vm.memoryMib };
    await expect(machines.caller().call('ensureVmSize', more)).rejects.toMatchObject({ code: 'STEP_REFUSED' });
    await machines.remove(vm);
  });
}
