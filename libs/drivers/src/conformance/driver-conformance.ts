/**
 * What every host driver must do, whatever is below it. Each driver's spec calls {@link describeDriverConformance}
 * with a host of its kind; a difference between two drivers is a fault of one of them, or of the contract.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ObservedVm, PowerState } from '@durastack/contracts/agent/specs';
import { VERBS } from '@durastack/contracts/agent/verbs';
import type { HostDriver } from '../driver.js';
import { ConformanceCaller, type ConformanceSubject } from './conformance-subject.js';
import { describeImages, describeNetworks, describeStorage } from './storage-conformance.js';

/** The contract: a change of power is known within this, whoever caused it. */
const EVENT_MS = 2_000;
const ABSENT = '00000000-0000-4000-8000-0000000000ff';

/** What the parts of the suite share. */
export interface ConformanceScene {
  subject(): ConformanceSubject;
  caller(): ConformanceCaller;
  driver(): HostDriver;
}

/**
 * Declares the suite.
 *
 * @param name of the driver
 * @param makeSubject makes the host; closed at the end
 */
export function describeDriverConformance(name: string, makeSubject: () => Promise<ConformanceSubject>): void {
  describe(`driver conformance: ${name}`, () => {
    let subject: ConformanceSubject;
    let driver: HostDriver;
    const events: ObservedVm[] = [];
    const startDriver = async (): Promise<void> => {
      driver = await subject.makeDriver();
      await driver.start((vm) => events.push(vm));
    };

    beforeAll(async () => {
      subject = await makeSubject();
      await startDriver();
      await new ConformanceCaller(driver).twice('ensurePool', { pool: subject.pool });
    });
    afterAll(async () => {
      await driver?.stop();
      await subject?.close();
    });

    const scene: ConformanceScene = {
      subject: () => subject,
      caller: () => new ConformanceCaller(driver),
      driver: () => driver,
    };
    const restartDriver = async (): Promise<void> => {
      await driver.stop();
      await startDriver();
    };
    describe('host', () => describeHost(scene));
    describe('storage', () => describeStorage(scene));
    describe('images', () => describeImages(scene));
    describe('networks', () => describeNetworks(scene));
    describe('machines', () => describeMachines(scene, { events, restartDriver }));
  });
}

function describeHost(scene: ConformanceScene): void {
  it('tells facts within the contract, and the same boot twice', async () => {
    const facts = VERBS.getFacts.result.parse(await scene.caller().call('getFacts', {}));
    const again = await scene.caller().call('getFacts', {});
    expect(again.bootId).toBe(facts.bootId);
    expect(facts.bootId).not.toBe('');
  });

  it('tells its use', async () => {
    const { cpuPercent, memoryUsedMib } = await scene.driver().usage();
    expect(cpuPercent).toBeGreaterThanOrEqual(0);
    expect(cpuPercent).toBeLessThanOrEqual(100);
    expect(memoryUsedMib).toBeGreaterThan(0);
  });

  it('answers for a machine that it does not have', async () => {
    const caller = scene.caller();
    const vmId = ABSENT;
    expect(await caller.call('getVm', { vmId })).toEqual({ power: 'absent' });
    expect(await caller.twice('ensureVmStopped', { vmId })).toEqual({ power: 'absent' });
    expect(await caller.twice('requestVmShutdown', { vmId })).toEqual({ power: 'absent' });
    expect(await caller.twice('ensureVmGone', { vmId })).toEqual({});
    await expect(caller.call('getSerialLog', { vmId, maxBytes: 10 })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(scene.driver().openConsole(vmId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
}

interface MachineScene {
  readonly events: ObservedVm[];
  restartDriver(): Promise<void>;
}

function describeMachines(scene: ConformanceScene, { events, restartDriver }: MachineScene): void {
  const lastEvent = (vmId: string): PowerState | undefined => events.findLast(({ id }) => id === vmId)?.power;
  const sees = async (vmId: string, power: PowerState): Promise<void> => {
    await expect.poll(() => lastEvent(vmId), { timeout: EVENT_MS, interval: 20 }).toBe(power);
    expect(await scene.caller().call('getVm', { vmId })).toEqual({ power });
  };
  const makeRunning = async () => {
    const vm = scene.subject().makeVm();
    await scene.caller().call('ensureVolume', { volume: vm.rootVolume });
    expect(await scene.caller().twice('ensureVmRunning', { vm })).toEqual({ power: 'running' });
    return vm;
  };
  const remove = async (vm: Awaited<ReturnType<typeof makeRunning>>): Promise<void> => {
    await scene.caller().twice('ensureVmGone', { vmId: vm.id });
    const { id: volumeId, pool } = vm.rootVolume;
    await scene.caller().twice('ensureVolumeGone', { volumeId, pool });
  };

  it('starts, stops, starts again and removes, telling each change in time', async () => {
    const vm = await makeRunning();
    await sees(vm.id, 'running');
    expect(await scene.caller().twice('ensureVmStopped', { vmId: vm.id })).toEqual({ power: 'off' });
    await sees(vm.id, 'off');
    expect(await scene.caller().call('requestVmShutdown', { vmId: vm.id })).toEqual({ power: 'off' });
    expect(await scene.caller().call('ensureVmRunning', { vm })).toEqual({ power: 'running' });
    await sees(vm.id, 'running');
    // Removal stops it, and leaves the volume alone.
    expect(await scene.caller().twice('ensureVmGone', { vmId: vm.id })).toEqual({});
    await expect.poll(() => ['off', 'absent'].includes(lastEvent(vm.id) ?? ''), { timeout: EVENT_MS }).toBe(true);
    expect(await scene.caller().call('getVm', { vmId: vm.id })).toEqual({ power: 'absent' });
    expect((await scene.driver().observe()).map(({ id }) => id)).not.toContain(vm.id);
    expect(await scene.subject().volumeSizeBytes(vm.rootVolume.id)).toBe(vm.rootVolume.sizeBytes);
    await remove(vm);
  });

  it('notices a guest that goes off behind its back, and starts it again', async () => {
    const vm = await makeRunning();
    await sees(vm.id, 'running');
    await scene.subject().powerOffBehindOurBack(vm.id);
    await sees(vm.id, 'off');
    expect(await scene.driver().observe()).toContainEqual({ id: vm.id, domainName: vm.domainName, power: 'off' });
    expect(await scene.caller().call('ensureVmRunning', { vm })).toEqual({ power: 'running' });
    await sees(vm.id, 'running');
    await remove(vm);
  });

  it('resumes a machine that somebody paused', async (context) => {
    const { pauseBehindOurBack } = scene.subject();
    if (pauseBehindOurBack === undefined) return context.skip();
    const vm = await makeRunning();
    await pauseBehindOurBack(vm.id);
    await sees(vm.id, 'paused');
    expect(await scene.caller().call('ensureVmRunning', { vm })).toEqual({ power: 'running' });
    await sees(vm.id, 'running');
    await remove(vm);
  });

  it('refuses a machine without its root volume and leaves nothing of it', async () => {
    const vm = scene.subject().makeVm();
    await expect(scene.caller().call('ensureVmRunning', { vm })).rejects.toMatchObject({ code: 'STEP_REFUSED' });
    expect(await scene.caller().call('getVm', { vmId: vm.id })).toEqual({ power: 'absent' });
  });

  it('lists everything in its inventory', async () => {
    const vm = await makeRunning();
    const { pool } = scene.subject();
    const inventory = await scene.caller().call('getInventory', { pools: [pool] });
    expect(VERBS.getInventory.result.parse(inventory)).toEqual(inventory);
    expect(inventory.vms).toContainEqual({ id: vm.id, domainName: vm.domainName, power: 'running' });
    expect(inventory.volumes[pool.id]).toContain(vm.rootVolume.id);
    await remove(vm);
    const after = await scene.caller().call('getInventory', { pools: [pool] });
    expect(after.vms.map(({ id }) => id)).not.toContain(vm.id);
    expect(after.volumes[pool.id]).not.toContain(vm.rootVolume.id);
  });

  it('shows the serial log and the console of a running machine only', async () => {
    const vm = await makeRunning();
    const { text } = await scene.caller().call('getSerialLog', { vmId: vm.id, maxBytes: 65_536 });
    expect(typeof text).toBe('string');
    const console = await scene.driver().openConsole(vm.id);
    const [banner] = (await console[Symbol.asyncIterator]().next()).value?.toString().split('\n') ?? [];
    expect(banner).toMatch(/^RFB 00\d\.00\d$/);
    console.destroy();
    await scene.caller().call('ensureVmStopped', { vmId: vm.id });
    await expect(scene.driver().openConsole(vm.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await remove(vm);
  });

  it('keeps machines running while the driver is restarted, and knows them afterwards', async () => {
    const vm = await makeRunning();
    await restartDriver();
    expect(await scene.driver().observe()).toContainEqual({ id: vm.id, domainName: vm.domainName, power: 'running' });
    expect(await scene.caller().call('ensureVmRunning', { vm })).toEqual({ power: 'running' });
    await scene.subject().powerOffBehindOurBack(vm.id);
    await sees(vm.id, 'off');
    await remove(vm);
  });
}
