/** CD drives; part of the suite in driver-conformance.ts. */
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { DiscSpec } from '@durastack/contracts/agent/specs';
import type { MachineScene } from './machine-conformance.js';

class Discs {
  constructor(private readonly machines: MachineScene) {}

  /** One that can be read: what it holds is the guest's matter. */
  async make(): Promise<DiscSpec> {
    const fetch = this.machines.subject().fetch(false);
    await this.machines.caller().call('fetchImage', fetch);
    return { isoId: fetch.templateId, store: fetch.store };
  }

  async remove({ isoId, store }: DiscSpec): Promise<void> {
    await this.machines.caller().twice('ensureImageGone', { templateId: isoId, store });
  }

  put(vmId: string, disc?: DiscSpec, forced = false): Promise<{ power: string }> {
    return this.machines.caller().twice('ensureVmDisc', { vmId, forced, ...(disc ? { disc } : {}) });
  }

  /** What the hypervisor says that is in the drive. */
  in(vmId: string): Promise<string | undefined> {
    return this.machines.subject().discOf(vmId);
  }
}

/** Discs that are put in and taken out. */
export function describeDiscs(machines: MachineScene): void {
  const discs = new Discs(machines);
  describeChanges(machines, discs);
  describeHeldDiscs(machines, discs);
}

function describeChanges(machines: MachineScene, discs: Discs): void {
  it('puts a disc into a running machine, another one into two, and takes it out', async () => {
    const [vm, other] = [await machines.makeRunning(), await machines.makeRunning()];
    const [first, second] = [await discs.make(), await discs.make()];
    expect(await discs.put(vm.id)).toEqual({ power: 'running' });
    expect(await discs.in(vm.id)).toBeUndefined();
    expect(await discs.put(vm.id, first)).toEqual({ power: 'running' });
    expect(await discs.in(vm.id)).toBe(first.isoId);
    expect(await discs.put(vm.id, second)).toEqual({ power: 'running' });
    expect(await discs.put(other.id, second, true)).toEqual({ power: 'running' });
    expect(await discs.in(vm.id)).toBe(second.isoId);
    expect(await discs.in(other.id)).toBe(second.isoId);
    await discs.put(vm.id);
    expect(await discs.in(vm.id)).toBeUndefined();
    expect(await discs.in(other.id)).toBe(second.isoId);
    await Promise.all([machines.remove(vm), machines.remove(other)]);
    await Promise.all([discs.remove(first), discs.remove(second)]);
  });

  it('refuses a disc that is not there, and keeps what is in the drive', async () => {
    const vm = await machines.makeRunning();
    const disc = await discs.make();
    await discs.put(vm.id, disc);
    const never = { ...disc, isoId: randomUUID() };
    await expect(discs.put(vm.id, never)).rejects.toMatchObject({ code: 'STEP_REFUSED' });
    expect(await discs.in(vm.id)).toBe(disc.isoId);
    await machines.remove(vm);
    await discs.remove(disc);
  });
}

function describeHeldDiscs(machines: MachineScene, discs: Discs): void {
  it('starts a machine with its disc, and without one that cannot be read', async () => {
    const disc = await discs.make();
    const vm = { ...machines.subject().makeVm(), disc };
    const { id: vmId } = vm;
    const caller = machines.caller();
    await caller.call('ensureVolume', { volume: vm.rootVolume });
    expect(await discs.put(vmId, disc)).toEqual({ power: 'absent' });
    expect(await caller.call('ensureVmRunning', { vm })).toEqual({ power: 'running' });
    expect(await discs.in(vmId)).toBe(disc.isoId);
    await caller.call('ensureVmStopped', { vmId });
    expect(await discs.put(vmId)).toEqual({ power: 'off' });
    await discs.remove(disc);
    expect(await caller.call('ensureVmRunning', { vm })).toEqual({ power: 'running' });
    expect(await discs.in(vmId)).toBeUndefined();
    await machines.remove(vm);
  });

  it('says when a guest does not let go of its disc, and takes it all the same when forced to', async (context) => {
    const { lockDrive } = machines.subject();
    if (lockDrive === undefined) return context.skip();
    const vm = await machines.makeRunning();
    const disc = await discs.make();
    await discs.put(vm.id, disc);
    await lockDrive(vm.id);
    await expect(discs.put(vm.id)).rejects.toMatchObject({ code: 'NOT_ALLOWED_IN_STATE' });
    expect(await discs.in(vm.id)).toBe(disc.isoId);
    await discs.put(vm.id, undefined, true);
    expect(await discs.in(vm.id)).toBeUndefined();
    await machines.remove(vm);
    await discs.remove(disc);
  });
}
