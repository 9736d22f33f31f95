/** Live migration between two hosts of a kind; each driver's spec calls it with a pair. */
import type { MigrationSide } from '@durastack/contracts/agent/migration';
import type { VmSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostDriver, MigrationReceiver, RemoteReceiver, VerbContext } from '../driver.js';
import { ConformanceCaller } from './conformance-subject.js';

/** Two hosts, started, that reach the same pool. */
export interface MigrationSubject {
  readonly source: HostDriver;
  readonly destination: HostDriver;
  /** A new machine whose volume both reach; its network, if any, may be made on both. */
  makeVm(): VmSpec;
  close(): Promise<void>;
}

/** The two agents, without a network between them: what one admits the other reaches. */
class Link {
  private offered: { receiver: MigrationReceiver; end: () => void } | undefined;
  private readonly waiting = new Set<() => void>();

  /** Something that goes wrong on the way. */
  fault: 'none' | 'before-finish' | 'after-finish' = 'none';

  readonly admit = (receiver: MigrationReceiver, signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      this.offered = { receiver, end: resolve };
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      for (const wake of this.waiting) wake();
    });

  readonly reach = async (): Promise<RemoteReceiver> => {
    while (this.offered === undefined) await new Promise<void>((resolve) => this.waiting.add(resolve));
    const { receiver, end } = this.offered;
    return {
      prepare: (offer) => receiver.prepare(offer),
      openStream: () => receiver.openStream(),
      finish: async (request) => {
        const cut = (): never => {
          throw new DurastackError('HOST_UNREACHABLE', 'The connection was cut.');
        };
        if (this.fault === 'before-finish') cut();
        const reply = await receiver.finish(request);
        return this.fault === 'after-finish' ? cut() : reply;
      },
      close: end,
    };
  };
}

const POLL = { timeout: 15_000, interval: 50 };

/** Declares the suite. */
export function describeMigrationConformance(name: string, makeSubject: () => Promise<MigrationSubject>): void {
  describe(`live migration: ${name}`, () => {
    let subject: MigrationSubject;
    beforeAll(async () => {
      subject = await makeSubject();
    });
    afterAll(async () => {
      await subject?.close();
    });
    const from = () => new ConformanceCaller(subject.source);
    const to = () => new ConformanceCaller(subject.destination);

    const makeRunning = async (): Promise<VmSpec> => {
      const vm = subject.makeVm();
      await from().call('ensureVolume', { volume: vm.rootVolume });
      await from().call('ensureVmRunning', { vm });
      return vm;
    };
    const remove = async (vm: VmSpec): Promise<void> => {
      for (const host of [from(), to()]) await host.call('ensureVmGone', { vmId: vm.id });
      await from().call('ensureVolumeGone', { volumeId: vm.rootVolume.id, pool: vm.rootVolume.pool });
    };
    const sides = async (vm: VmSpec): Promise<[MigrationSide, MigrationSide]> => {
      const [source, destination] = await Promise.all(
        [from(), to()].map((host) => host.call('endMigration', { vmId: vm.id })),
      );
      return [source!.side, destination!.side];
    };
    /** Both halves at once, as two agents would run them. */
    const move = (vm: VmSpec, link = new Link(), context: Partial<VerbContext> = {}) => {
      const ticket = 'x'.repeat(43);
      const stop = new AbortController();
      const receiving = to().call(
        'receiveVm',
        { vm, sourceHostId: randomUUID(), ticket, validForMs: 60_000 },
        { admit: link.admit, signal: stop.signal },
      );
      const destination = { hostId: randomUUID(), url: 'agent://127.0.0.1:1', ticket };
      const sending = from().call('sendVm', { vmId: vm.id, destination }, { reach: link.reach, ...context });
      for (const half of [receiving, sending]) half.catch(() => undefined);
      return { receiving, sending, stopReceiving: () => stop.abort(new DurastackError('CANCELLED', 'Stopped.')) };
    };

    it('says what a machine needs, and that its like can take it', async () => {
      const vm = await makeRunning();
      const needs = await from().call('getMigrationNeeds', { vmId: vm.id });
      expect(needs.running).toBe(true);
      expect(await to().call('checkMigration', { vm, needs })).toEqual({ suitable: true });
      const other = { ...needs, hypervisorVersion: '99.0.0', accelerator: 'kvm' as const, cpu: 'sse2 quantum' };
      const unfit = await to().call('checkMigration', { vm, needs: other });
      expect(unfit.suitable).toBe(false);
      expect(unfit.reason).not.toBe('');
      const nowhere = { ...vm, rootVolume: { ...vm.rootVolume, id: randomUUID() } };
      const blind = await to()
        .call('checkMigration', { vm: nowhere, needs })
        .catch((error: DurastackError) => ({ suitable: false, reason: error.message }));
      expect(blind.suitable).toBe(false);
      await remove(vm);
    });

    it('moves a machine: it runs there, is off here, and can be moved on', async () => {
      const vm = await makeRunning();
      const said: string[] = [];
      const { receiving, sending } = move(vm, new Link(), { progress: (_percent, detail) => said.push(detail) });
      const figures = await sending;
      expect(await receiving).toEqual({ power: 'running' });
      expect(figures.sentBytes).toBeGreaterThan(0);
      expect(figures.downtimeMs).toBeGreaterThanOrEqual(0);
      expect(await sides(vm)).toEqual(['off', 'running']);
      await from().twice('ensureVmGone', { vmId: vm.id });
      expect(await to().call('getVm', { vmId: vm.id })).toEqual({ power: 'running' });
      // It is an ordinary machine there: defined for good, stopped and started again.
      expect(await to().call('ensureVmStopped', { vmId: vm.id })).toEqual({ power: 'off' });
      expect(await to().call('ensureVmRunning', { vm })).toEqual({ power: 'running' });
      await remove(vm);
    });

    it('refuses to send what does not run', async () => {
      const vm = await makeRunning();
      await from().call('ensureVmStopped', { vmId: vm.id });
      const { sending, receiving, stopReceiving } = move(vm);
      await expect(sending).rejects.toMatchObject({ code: 'STEP_REFUSED' });
      stopReceiving();
      await expect(receiving).rejects.toThrow();
      expect(await sides(vm)).toEqual(['off', 'absent']);
      await remove(vm);
    });

    it('leaves the machine running here and nothing there when it is cancelled', async () => {
      const vm = await makeRunning();
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
      const { receiving, sending } = move(vm, link, { signal: stop.signal, reach });
      await expect(sending).rejects.toThrow();
      await expect(receiving).rejects.toThrow();
      await expect.poll(() => sides(vm), POLL).toEqual(['running', 'absent']);
      expect(await to().call('getInventory', { pools: [] })).toMatchObject({ vmFiles: [] });
      await remove(vm);
    });

    it('removes the copy that waits when the destination is told to stop', async () => {
      const vm = await makeRunning();
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
      const { receiving, sending, stopReceiving } = move(vm, link, { reach });
      begun.stop = stopReceiving;
      await expect(receiving).rejects.toThrow();
      await expect(sending).rejects.toThrow();
      await expect.poll(() => sides(vm), POLL).toEqual(['running', 'absent']);
      await remove(vm);
    });

    it.each([
      { fault: 'before-finish', there: 'absent' },
      { fault: 'after-finish', there: 'running' },
    ] as const)('holds the machine here when the connection is cut $fault, and runs it once', async (one) => {
      const vm = await makeRunning();
      const link = new Link();
      link.fault = one.fault;
      const { receiving, sending } = move(vm, link);
      await expect(sending).rejects.toMatchObject({ code: 'STEP_REFUSED' });
      await receiving.catch(() => undefined);
      expect(await sides(vm)).toEqual(['held', one.there]);
      // A start that comes late must not make it run twice.
      await expect(from().call('ensureVmRunning', { vm })).rejects.toMatchObject({ code: 'STEP_REFUSED' });
      if (one.there === 'absent') {
        expect(await from().twice('keepVm', { vmId: vm.id })).toEqual({ power: 'running' });
        expect(await sides(vm)).toEqual(['running', 'absent']);
      }
      await remove(vm);
    });

    it('lets in nothing but the machine of the ticket', async () => {
      const [vm, other] = [await makeRunning(), await makeRunning()];
      const link = new Link();
      const { receiving, sending } = move(vm, link, {
        reach: async () => {
          const receiver = await link.reach();
          const prepare: RemoteReceiver['prepare'] = (offer) =>
            receiver.prepare({ ...offer, description: offer.description.replaceAll(vm.id, other.id) });
          return { ...receiver, prepare };
        },
      });
      await expect(sending).rejects.toMatchObject({ code: 'FORBIDDEN' });
      await receiving.catch(() => undefined);
      await expect.poll(() => sides(vm), POLL).toEqual(['running', 'absent']);
      expect(await sides(other)).toEqual(['running', 'absent']);
      for (const one of [vm, other]) await remove(one);
    });
  });
}
