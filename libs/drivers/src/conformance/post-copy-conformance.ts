/** Post-copy; part of the suite of live migration. */
import { DurastackError } from '@durastack/contracts/errors';
import { expect, it } from 'vitest';
import type { RemoteReceiver } from '../driver.js';
import { POLL, SlowLink, type MigrationScene } from './migration-scene.js';

const WHILE = { timeout: 60_000, interval: 100 };

/** Declares what holds for machines that go before their memory. */
export function describePostCopy(scene: MigrationScene): void {
  it('lets a machine go first that writes faster than it can be sent; its memory follows, whole', async () => {
    const vm = await scene.makeRunningBusy();
    const stop = new AbortController();
    const { receiving, sending, stopReceiving } = scene.movePostCopy(vm, new SlowLink(), { signal: stop.signal });
    expect((await sending).switchedMs).toBeGreaterThan(0);
    await receiving;
    // Whoever ended anything now would lose it.
    stop.abort(new DurastackError('CANCELLED', 'Cancelled.'));
    stopReceiving();
    // As long as anything may change by itself, whoever asks is told.
    const there = await scene.to().call('endMigration', { vmId: vm.id });
    expect(there.side === 'running' || there.ongoing === true).toBe(true);
    const [source, destination] = await scene.sides(vm);
    expect(['left', 'off']).toContain(source);
    expect(['held', 'arriving', 'running']).toContain(destination);
    await expect.poll(() => scene.sides(vm), WHILE).toEqual(['off', 'running']);
    await scene.expectIntact(vm);
    await scene.from().twice('ensureVmGone', { vmId: vm.id });
    expect(await scene.to().call('ensureVmStopped', { vmId: vm.id })).toEqual({ power: 'off' });
    expect(await scene.to().call('ensureVmRunning', { vm })).toEqual({ power: 'running' });
    await scene.remove(vm);
  });

  it('leaves the machine here when it is cancelled just before it goes', async () => {
    const vm = await scene.makeRunningBusy();
    const stop = new AbortController();
    const link = new SlowLink();
    const reach = async (): Promise<RemoteReceiver> => {
      const receiver = await link.reachSlowly();
      const beginPostCopy = async (): Promise<void> => {
        await receiver.beginPostCopy();
        stop.abort(new DurastackError('CANCELLED', 'Cancelled.'));
      };
      return { ...receiver, beginPostCopy };
    };
    const { receiving, sending } = scene.movePostCopy(vm, link, { signal: stop.signal, reach });
    await expect(sending).rejects.toBeInstanceOf(DurastackError);
    await receiving;
    await expect.poll(() => scene.sides(vm), POLL).toEqual(['running', 'absent']);
    await scene.remove(vm);
  });
  describeLoss(scene);
}

function describeLoss(scene: MigrationScene): void {
  it('runs the machine nowhere again that lost its memory on the way', async () => {
    const vm = await scene.makeRunningBusy();
    const link = new SlowLink();
    const { receiving, sending } = scene.movePostCopy(vm, link);
    await sending;
    await receiving;
    await expect.poll(async () => (await scene.sides(vm))[1], POLL).toBe('arriving');
    link.break();
    await expect.poll(() => scene.sides(vm), WHILE).toEqual(['left', 'stranded']);
    await expect(scene.from().call('ensureVmRunning', { vm })).rejects.toMatchObject({ code: 'STEP_REFUSED' });
    await scene.from().call('keepVm', { vmId: vm.id });
    expect(await scene.sides(vm)).toEqual(['left', 'stranded']);
    for (const host of [scene.from(), scene.to()]) await host.twice('ensureVmGone', { vmId: vm.id });
    expect(await scene.sides(vm)).toEqual(['absent', 'absent']);
    // From its disk, once: there as well as here.
    expect(await scene.to().call('ensureVmRunning', { vm })).toEqual({ power: 'running' });
    await scene.remove(vm);
  });
}
