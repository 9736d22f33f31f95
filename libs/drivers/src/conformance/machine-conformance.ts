/** Machines; part of the suite in driver-conformance.ts. */
import { expect, it, vi } from 'vitest';
import type { ObservedVm, PowerState, VmSpec } from '@durastack/contracts/agent/specs';
import { VERBS } from '@durastack/contracts/agent/verbs';
import type { HostDriver } from '../driver.js';
import type { ConformanceCaller, ConformanceScene, ConformanceSubject } from './conformance-subject.js';

/** The contract: a change of power is known within this, whoever caused it. */
const EVENT_MS = 2_000;
/** What was told is also the answer to who asks. */
const ASKED_MS = 200;

/** What tests of machines share. */
export class MachineScene {
  constructor(
    private readonly scene: ConformanceScene,
    private readonly events: readonly ObservedVm[],
  ) {}

  subject(): ConformanceSubject {
    return this.scene.subject();
  }

  caller(): ConformanceCaller {
    return this.scene.caller();
  }

  driver(): HostDriver {
    return this.scene.driver();
  }

  /** What the driver told last of a machine. */
  lastEvent(vmId: string): PowerState | undefined {
    return this.events.findLast(({ id }) => id === vmId)?.power;
  }

  /** Waits until the driver tells that power, in time, and says the same when asked. */
  async sees(vmId: string, power: PowerState): Promise<void> {
    await vi.waitUntil(() => this.lastEvent(vmId) === power, { timeout: EVENT_MS, interval: 20 });
    const asked = async (): Promise<boolean> => (await this.caller().call('getVm', { vmId })).power === power;
    await vi.waitUntil(asked, { timeout: ASKED_MS, interval: 20 });
  }

  /** A new machine that runs. */
  async makeRunning(): Promise<VmSpec> {
    const vm = this.subject().makeVm();
    await this.caller().call('ensureVolume', { volume: vm.rootVolume });
    await this.caller().twice('ensureVmRunning', { vm });
    return vm;
  }

  /** The machine and its volume are gone. */
  async remove(vm: VmSpec): Promise<void> {
    await this.caller().twice('ensureVmGone', { vmId: vm.id });
    const { id: volumeId, pool } = vm.rootVolume;
    await this.caller().twice('ensureVolumeGone', { volumeId, pool });
  }
}

/** Power, by verbs and by others. */
export function describePower(machines: MachineScene): void {
  it('starts, stops, starts again and removes, telling each change in time', async () => {
    const vm = await machines.makeRunning();
    await machines.sees(vm.id, 'running');
    expect(await machines.caller().twice('ensureVmStopped', { vmId: vm.id })).toEqual({ power: 'off' });
    await machines.sees(vm.id, 'off');
    expect(await machines.caller().call('requestVmShutdown', { vmId: vm.id })).toEqual({ power: 'off' });
    expect(await machines.caller().call('ensureVmRunning', { vm })).toEqual({ power: 'running' });
    await machines.sees(vm.id, 'running');
    // Removal stops it, and leaves the volume alone.
    expect(await machines.caller().twice('ensureVmGone', { vmId: vm.id })).toEqual({});
    await expect
      .poll(() => ['off', 'absent'].includes(machines.lastEvent(vm.id) ?? ''), { timeout: EVENT_MS })
      .toBe(true);
    expect(await machines.caller().call('getVm', { vmId: vm.id })).toEqual({ power: 'absent' });
    expect((await machines.driver().observe()).map(({ id }) => id)).not.toContain(vm.id);
    expect(await machines.subject().volumeSizeBytes(vm.rootVolume.id)).toBe(vm.rootVolume.sizeBytes);
    await machines.remove(vm);
  });

  it('notices a guest that goes off behind its back, and starts it again', async () => {
    const vm = await machines.makeRunning();
    await machines.sees(vm.id, 'running');
    await machines.subject().powerOffBehindOurBack(vm.id);
    await machines.sees(vm.id, 'off');
    expect(await machines.driver().observe()).toContainEqual({
      id: vm.id,
      domainName: vm.domainName,
      power: 'off',
      crashed: true,
    });
    expect(await machines.caller().call('ensureVmRunning', { vm })).toEqual({ power: 'running' });
    await machines.sees(vm.id, 'running');
    await machines.remove(vm);
  });

  it('resumes a machine that somebody paused', async (context) => {
    const { pauseBehindOurBack } = machines.subject();
    if (pauseBehindOurBack === undefined) return context.skip();
    const vm = await machines.makeRunning();
    await pauseBehindOurBack(vm.id);
    await machines.sees(vm.id, 'paused');
    expect(await machines.caller().call('ensureVmRunning', { vm })).toEqual({ power: 'running' });
    await machines.sees(vm.id, 'running');
    await machines.remove(vm);
  });
}

/** What is shown of machines. */
export function describeMachineViews(machines: MachineScene): void {
  it('refuses a machine without its root volume and leaves nothing of it', async () => {
    const vm = machines.subject().makeVm();
    await expect(machines.caller().call('ensureVmRunning', { vm })).rejects.toMatchObject({ code: 'STEP_REFUSED' });
    expect(await machines.caller().call('getVm', { vmId: vm.id })).toEqual({ power: 'absent' });
  });

  it('lists everything in its inventory', async () => {
    const vm = await machines.makeRunning();
    const { pool } = machines.subject();
    const inventory = await machines.caller().call('getInventory', { pools: [pool] });
    expect(VERBS.getInventory.result.parse(inventory)).toEqual(inventory);
    expect(inventory.vms).toContainEqual({ id: vm.id, domainName: vm.domainName, power: 'running' });
    expect(inventory.volumes[pool.id]).toContain(vm.rootVolume.id);
    expect(inventory.vmFiles).toContain(vm.id);
    const { templateId } = vm.rootVolume;
    expect(inventory.templates?.[pool.id] ?? []).toEqual(expect.arrayContaining(templateId ? [templateId] : []));
    await machines.remove(vm);
    const after = await machines.caller().call('getInventory', { pools: [pool] });
    expect(after.vms.map(({ id }) => id)).not.toContain(vm.id);
    expect(after.vmFiles).not.toContain(vm.id);
    expect(after.volumes[pool.id]).not.toContain(vm.rootVolume.id);
  });

  it('shows the serial log and the console of a running machine only', async () => {
    const vm = await machines.makeRunning();
    const { text } = await machines.caller().call('getSerialLog', { vmId: vm.id, maxBytes: 65_536 });
    expect(typeof text).toBe('string');
    const console = await machines.driver().openConsole(vm.id);
    const [banner] = (await console[Symbol.asyncIterator]().next()).value?.toString().split('\n') ?? [];
    expect(banner).toMatch(/^RFB 00\d\.00\d$/);
    console.destroy();
    await machines.caller().call('ensureVmStopped', { vmId: vm.id });
    await expect(machines.driver().openConsole(vm.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await machines.remove(vm);
  });
}

/** Another driver object for the same host. */
export function describeDriverRestart(machines: MachineScene, restartDriver: () => Promise<void>): void {
  it('keeps machines running while the driver is restarted, and knows them afterwards', async () => {
    const vm = await machines.makeRunning();
    await restartDriver();
    expect(await machines.driver().observe()).toContainEqual({
      id: vm.id,
      domainName: vm.domainName,
      power: 'running',
    });
    expect(await machines.caller().call('ensureVmRunning', { vm })).toEqual({ power: 'running' });
    await machines.subject().powerOffBehindOurBack(vm.id);
    await machines.sees(vm.id, 'off');
    await machines.remove(vm);
  });
}
