/** Live migration between two hosts of a kind; each driver's spec calls it with a pair. */
import { DurastackError } from '@durastack/contracts/errors';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RemoteReceiver } from '../driver.js';
import { Link, MigrationScene, POLL, type MigrationSubject } from './migration-scene.js';
import { describePostCopy } from './post-copy-conformance.js';
import { describeVolumeTransfers } from './volume-transfer-conformance.js';

/** Declares the suite. */
export function describeMigrationConformance(name: string, makeSubject: () => Promise<MigrationSubject>): void {
  describe(`live migration: ${name}`, () => {
    const scene = sceneOf(makeSubject);
    describeMoves(scene);
    describeMovesOfChanged(scene);
    describeDisks(scene);
    describeVolumeTransfers(scene);
    describeStops(scene);
    describeDoubts(scene);
    describePostCopy(scene);
  });
}

/** Declares what concerns disks that go along, for pools of another kind. */
export function describeMigrationWithDisks(name: string, makeSubject: () => Promise<MigrationSubject>): void {
  describe(`live migration with disks: ${name}`, () => {
    const scene = sceneOf(makeSubject);
    describeDisks(scene);
    describeVolumeTransfers(scene);
  });
}

function sceneOf(makeSubject: () => Promise<MigrationSubject>): MigrationScene {
  let subject: MigrationSubject;
  beforeAll(async () => {
    subject = await makeSubject();
  });
  afterAll(async () => {
    await subject?.close();
  });
  return new MigrationScene(() => subject);
}

function describeMoves(scene: MigrationScene): void {
  it('says what a machine needs, and that its like can take it', async () => {
    const vm = await scene.makeRunning();
    const needs = await scene.from().call('getMigrationNeeds', { vmId: vm.id });
    expect(needs.running).toBe(true);
    expect(await scene.to().call('checkMigration', { vm, needs })).toEqual({ suitable: true });
    const other = { ...needs, hypervisorVersion: '99.0.0', accelerator: 'kvm' as const, cpu: 'sse2 quantum' };
    const unfit = await scene.to().call('checkMigration', { vm, needs: other });
    expect(unfit.suitable).toBe(false);
    expect(unfit.reason).not.toBe('');
    const nowhere = { ...vm, rootVolume: { ...vm.rootVolume, id: randomUUID() } };
    const blind = await scene
      .to()
      .call('checkMigration', { vm: nowhere, needs })
      .catch((error: DurastackError) => ({ suitable: false, reason: error.message }));
    expect(blind.suitable).toBe(false);
    await scene.remove(vm);
  });

  it('moves a machine: it runs there, is off here, and can be moved on', async () => {
    const vm = await scene.makeRunning();
    const { receiving, sending } = scene.move(vm, new Link());
    const figures = await sending;
    expect(await receiving).toEqual({ power: 'running' });
    expect(figures.sentBytes).toBeGreaterThan(0);
    expect(figures.downtimeMs).toBeGreaterThanOrEqual(0);
    expect(figures.hypervisorMs).toBeGreaterThan(0);
    expect(await scene.sides(vm)).toEqual(['off', 'running']);
    await scene.from().twice('ensureVmGone', { vmId: vm.id });
    expect(await scene.to().call('getVm', { vmId: vm.id })).toEqual({ power: 'running' });
    // It is an ordinary machine there: defined for good, stopped and started again.
    expect(await scene.to().call('ensureVmStopped', { vmId: vm.id })).toEqual({ power: 'off' });
    expect(await scene.to().call('ensureVmRunning', { vm })).toEqual({ power: 'running' });
    await scene.remove(vm);
  });

  it('refuses to send what does not run', async () => {
    const vm = await scene.makeRunning();
    await scene.from().call('ensureVmStopped', { vmId: vm.id });
    const { sending, receiving, stopReceiving } = scene.move(vm);
    await expect(sending).rejects.toMatchObject({ code: 'STEP_REFUSED' });
    stopReceiving();
    await expect(receiving).rejects.toBeInstanceOf(DurastackError);
    expect(await scene.sides(vm)).toEqual(['off', 'absent']);
    await scene.remove(vm);
  });
}

function describeDisks(scene: MigrationScene): void {
  it('moves a machine with a disk that only its host reaches: nothing of it is missing there', async () => {
    const { here, there } = await scene.makeRunningOnOwnDisk();
    const empty = await scene.digest(there);
    const { receiving, sending } = scene.move(there, new Link(), {}, [there.rootVolume.id]);
    await sending;
    expect(await receiving).toEqual({ power: 'running' });
    expect(await scene.sides(here)).toEqual(['off', 'running']);
    await scene.from().call('ensureVmGone', { vmId: here.id });
    expect(await scene.to().call('ensureVmStopped', { vmId: here.id })).toEqual({ power: 'off' });
    expect(await scene.digest(there)).not.toBe(empty);
    expect(await scene.digest(there)).toBe(await scene.digest(here));
    await scene.from().call('ensureVolumeGone', { volumeId: here.rootVolume.id, pool: here.rootVolume.pool });
    expect(await scene.to().call('ensureVmRunning', { vm: there })).toEqual({ power: 'running' });
    await scene.removeBoth({ here, there });
  });

  it('leaves machine and disk here when it is cancelled on the way', async () => {
    const { here, there } = await scene.makeRunningOnOwnDisk();
    const link = new Link();
    const stop = new AbortController();
    const reach = async (): Promise<RemoteReceiver> => {
      const receiver = await link.reach();
      const openDiskStream: RemoteReceiver['openDiskStream'] = async () => {
        stop.abort(new DurastackError('CANCELLED', 'Cancelled.'));
        return receiver.openDiskStream();
      };
      return { ...receiver, openDiskStream };
    };
    const volumeIds = [there.rootVolume.id];
    const { receiving, sending } = scene.move(there, link, { signal: stop.signal, reach }, volumeIds);
    await expect(sending).rejects.toBeInstanceOf(DurastackError);
    await expect(receiving).rejects.toBeInstanceOf(DurastackError);
    await expect.poll(() => scene.sides(here), POLL).toEqual(['running', 'absent']);
    // It can be tried again, over what came already.
    const again = scene.move(there, new Link(), {}, volumeIds);
    await again.sending;
    await again.receiving;
    expect(await scene.sides(here)).toEqual(['off', 'running']);
    await scene.removeBoth({ here, there });
  });

  it('refuses to take along what is none of its disks', async () => {
    const { here, there } = await scene.makeRunningOnOwnDisk();
    const { receiving, sending, stopReceiving } = scene.move(there, new Link(), {}, [randomUUID()]);
    await expect(Promise.race([receiving, sending])).rejects.toBeInstanceOf(DurastackError);
    stopReceiving();
    await Promise.allSettled([receiving]);
    expect(await scene.sides(here)).toEqual(['running', 'absent']);
    await scene.removeBoth({ here, there });
  });
}

/** Machines that are not any more what they were started as. */
function describeMovesOfChanged(scene: MigrationScene): void {
  it('moves a machine that has grown while it ran, with what it has got and room for more', async () => {
    const before = await scene.makeRunning({ memoryMib: 128, growth: { maxVcpus: 4, maxMemoryMib: 512 } });
    const vm = { ...before, vcpus: 2, memoryMib: 256 };
    const size = { vmId: vm.id, vcpus: vm.vcpus, memoryMib: vm.memoryMib };
    await scene.from().call('ensureVmSize', size);
    const { sending, receiving } = scene.move(vm);
    await sending;
    expect(await receiving).toEqual({ power: 'running' });
    expect(await scene.sides(vm)).toEqual(['off', 'running']);
    // As large as it was: this adds nothing; and it grows on.
    await scene.to().call('ensureVmSize', size);
    await scene.to().call('ensureVmSize', { ...size, vcpus: 3, memoryMib: 384 });
    await expect(scene.to().call('ensureVmSize', { ...size, memoryMib: 1_024 })).rejects.toMatchObject({
      code: 'STEP_REFUSED',
    });
    await scene.remove(vm);
  });

  it('moves a machine whose disk was brought to both hosts while it ran', async () => {
    const vm = await scene.makeRunningOnSharedDisk();
    const { sending, receiving } = scene.move(vm);
    await sending;
    expect(await receiving).toEqual({ power: 'running' });
    expect(await scene.sides(vm)).toEqual(['off', 'running']);
    await scene.remove(vm);
  });
}

function describeStops(scene: MigrationScene): void {
  it('leaves the machine running here and nothing there when it is cancelled', async () => {
    const vm = await scene.makeRunning();
    const link = new Link();
    const stop = new AbortController();
    const reach = async (): Promise<RemoteReceiver> => {
      const receiver = await link.reach();
      // Cancelled once the copy over there waits for memory.
      const prepare: RemoteReceiver['prepare'] = async (offer) => {
        const reply = await receiver.prepare(offer);
        stop.abort(new DurastackError('CANCELLED', 'Cancelled.'));
        return reply;
      };
      return { ...receiver, prepare };
    };
    const { receiving, sending } = scene.move(vm, link, { signal: stop.signal, reach });
    await expect(sending).rejects.toBeInstanceOf(DurastackError);
    await expect(receiving).rejects.toBeInstanceOf(DurastackError);
    await expect.poll(() => scene.sides(vm), POLL).toEqual(['running', 'absent']);
    expect(await scene.to().call('getInventory', { pools: [] })).toMatchObject({ vmFiles: [] });
    await scene.remove(vm);
  });

  it('removes the copy that waits when the destination is told to stop', async () => {
    const vm = await scene.makeRunning();
    const link = new Link();
    const begun: { stop?: () => void } = {};
    const reach = async (): Promise<RemoteReceiver> => {
      const receiver = await link.reach();
      const openStream: RemoteReceiver['openStream'] = async () => {
        begun.stop?.();
        return receiver.openStream();
      };
      return { ...receiver, openStream };
    };
    const { receiving, sending, stopReceiving } = scene.move(vm, link, { reach });
    begun.stop = stopReceiving;
    await expect(receiving).rejects.toBeInstanceOf(DurastackError);
    await expect(sending).rejects.toBeInstanceOf(DurastackError);
    await expect.poll(() => scene.sides(vm), POLL).toEqual(['running', 'absent']);
    await scene.remove(vm);
  });
}

function describeDoubts(scene: MigrationScene): void {
  it.each([
    { fault: 'before-finish', there: 'absent', afterwards: 'running' },
    { fault: 'after-finish', there: 'running', afterwards: 'held' },
  ] as const)('holds the machine here when the connection is cut $fault, and runs it once', async (one) => {
    const vm = await scene.makeRunning();
    const link = new Link();
    link.fault = one.fault;
    const { receiving, sending } = scene.move(vm, link);
    await expect(sending).rejects.toMatchObject({ code: 'STEP_REFUSED' });
    await receiving.catch(() => undefined);
    expect(await scene.sides(vm)).toEqual(['held', one.there]);
    // A start that comes late must not make it run twice.
    await expect(scene.from().call('ensureVmRunning', { vm })).rejects.toMatchObject({ code: 'STEP_REFUSED' });
    // As whoever has asked both hosts concludes.
    if (one.there === 'absent') await scene.from().twice('keepVm', { vmId: vm.id });
    expect(await scene.sides(vm)).toEqual([one.afterwards, one.there]);
    await scene.remove(vm);
  });

  it('lets in nothing but the machine of the ticket', async () => {
    const [vm, other] = [await scene.makeRunning(), await scene.makeRunning()];
    const link = new Link();
    const { receiving, sending } = scene.move(vm, link, {
      reach: async () => {
        const receiver = await link.reach();
        const prepare: RemoteReceiver['prepare'] = (offer) =>
          receiver.prepare({ ...offer, description: offer.description.replaceAll(vm.id, other.id) });
        return { ...receiver, prepare };
      },
    });
    await expect(sending).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await receiving.catch(() => undefined);
    await expect.poll(() => scene.sides(vm), POLL).toEqual(['running', 'absent']);
    expect(await scene.sides(other)).toEqual(['running', 'absent']);
    for (const one of [vm, other]) await scene.remove(one);
  });
}
