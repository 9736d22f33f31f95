/**
 * What every host driver must do, whatever is below it. Each driver's spec calls {@link describeDriverConformance}
 * with a host of its kind; a difference between two drivers is a fault of one of them, or of the contract.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ObservedVm } from '@durastack/contracts/agent/specs';
import { VERBS } from '@durastack/contracts/agent/verbs';
import type { HostDriver } from '../driver.js';
import {
  ConformanceCaller,
  poolParams,
  type ConformanceScene,
  type ConformanceSubject,
} from './conformance-subject.js';
import { describeDataDisks, describeGrowth } from './data-disk-conformance.js';
import { describeDriverRestart, describeMachineViews, describePower, MachineScene } from './machine-conformance.js';
import { describeDiscs } from './disc-conformance.js';
import { describeNics } from './nic-conformance.js';
import { describeUndoneCopies, describeVolumeCopies } from './volume-copy-conformance.js';
import {
  describeCancelledFetch,
  describeHeldVolumes,
  describeImages,
  describeNetworks,
  describeStorage,
  describeStoredVolumes,
} from './storage-conformance.js';

const ABSENT = '00000000-0000-4000-8000-0000000000ff';

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
      await makePools(new ConformanceCaller(driver), subject);
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
    describe('host', () => {
      describeHost(scene);
    });
    describe('storage', () => {
      describeStorage(scene);
      describeHeldVolumes(scene);
    });
    describe('images', () => {
      describeImages(scene);
      describeStoredVolumes(scene);
      describeCancelledFetch(scene);
    });
    describe('networks', () => {
      describeNetworks(scene);
    });
    describe('machines', () => {
      describeMachines(new MachineScene(scene, events), restartDriver);
    });
  });
}

function describeMachines(machines: MachineScene, restartDriver: () => Promise<void>): void {
  describePower(machines);
  describeMachineViews(machines);
  describeDriverRestart(machines, restartDriver);
  describeDataDisks(machines);
  describeNics(machines);
  describeDiscs(machines);
  describeGrowth(machines);
  describeVolumeCopies(machines);
  describeUndoneCopies(machines);
}

async function makePools(caller: ConformanceCaller, subject: ConformanceSubject): Promise<void> {
  await caller.twice('ensurePool', poolParams(subject));
  if (subject.otherPool) await caller.call('ensurePool', { pool: subject.otherPool });
}

function describeHost(scene: ConformanceScene): void {
  it('tells facts within the contract, and the same boot twice', async () => {
    const facts = VERBS.getFacts.result.parse(await scene.caller().call('getFacts', {}));
    const again = await scene.caller().call('getFacts', {});
    expect(again.bootId).toBe(facts.bootId);
    expect(facts.bootId).not.toBe('');
    expect(await scene.driver().bootId()).toBe(facts.bootId);
  });

  it('has no script for a stage of its maintenance until somebody puts one there', async () => {
    const absent = { outcome: 'absent', output: '' };
    expect(await scene.caller().call('runMaintenanceHook', { stage: 'PreFlight', timeoutMs: 1_000 })).toEqual(absent);
  });

  it('tells its use', async () => {
    const { cpuPercent, memoryUsedMib } = await scene.driver().usage();
    expect(cpuPercent).toBeGreaterThanOrEqual(0);
    expect(cpuPercent).toBeLessThanOrEqual(100);
    expect(memoryUsedMib).toBeGreaterThan(0);
    for (const { cpuMhz, memoryMib } of await scene.driver().machineUse()) {
      expect(cpuMhz).toBeGreaterThanOrEqual(0);
      expect(memoryMib).toBeGreaterThanOrEqual(0);
    }
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
