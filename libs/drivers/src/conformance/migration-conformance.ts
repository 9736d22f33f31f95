/** Live migration between two hosts of a kind; each driver's spec calls it with a pair. */
import type { MigrationSide } from '@durastack/contracts/agent/migration';
import type { PoolSpec, VmSpec, VolumeSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import { randomUUID } from 'node:crypto';
import { Duplex, Transform } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostDriver, MigrationReceiver, RemoteReceiver, VerbContext } from '../driver.js';
import { ConformanceCaller } from './conformance-subject.js';

/** Two hosts, started, that reach the same pool. */
export interface MigrationSubject {
  readonly source: HostDriver;
  readonly destination: HostDriver;
  /** A new machine whose volume both reach; its network, if any, may be made on both. */
  makeVm(): VmSpec;
  /** As that, with a guest that writes to its memory faster than {@link SlowLink} can send it. */
  makeBusyVm(): VmSpec;
  /** Throws when such a guest has found in its memory what it did not write. */
  expectIntact(vm: VmSpec): Promise<void>;
  /** A pool of the source alone, with the template of `makeVm`'s volume if that has one, and a pool of the destination alone. */
  readonly ownPools: { readonly source: PoolSpec; readonly destination: PoolSpec };
  /** What a guest would read of a volume that nothing uses, as a digest. */
  digest(volume: VolumeSpec): Promise<string>;
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
      openDiskStream: () => receiver.openDiskStream(),
      beginPostCopy: () => receiver.beginPostCopy(),
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

const SLOW_BYTES_PER_SECOND = 12 * 2 ** 20;

/** One over which memory goes slowly, and which can be broken. */
class SlowLink extends Link {
  private stream: Duplex | undefined;

  readonly reachSlowly = async (): Promise<RemoteReceiver> => {
    const receiver = await this.reach();
    const openStream: RemoteReceiver['openStream'] = async () => {
      const stream = await receiver.openStream();
      this.stream = stream;
      const brake = new Transform({
        highWaterMark: 2 ** 16,
        transform: (chunk: Buffer, _encoding, done) =>
          void setTimeout(() => done(null, chunk), (1_000 * chunk.length) / SLOW_BYTES_PER_SECOND),
      });
      brake.pipe(stream);
      const both = Duplex.from({ readable: stream, writable: brake });
      stream.once('close', () => both.destroy());
      both.once('close', () => stream.destroy());
      return both;
    };
    return { ...receiver, openStream };
  };

  break(): void {
    this.stream?.destroy();
  }
}

const POLL = { timeout: 15_000, interval: 50 };

/** Both hosts, and what the tests do with them. */
class MigrationScene {
  constructor(private readonly subject: () => MigrationSubject) {}

  from(): ConformanceCaller {
    return new ConformanceCaller(this.subject().source);
  }

  to(): ConformanceCaller {
    return new ConformanceCaller(this.subject().destination);
  }

  async makeRunningBusy(): Promise<VmSpec> {
    return this.run(this.subject().makeBusyVm());
  }

  expectIntact(vm: VmSpec): Promise<void> {
    return this.subject().expectIntact(vm);
  }

  makeRunning(more: Partial<VmSpec> = {}): Promise<VmSpec> {
    return this.run({ ...this.subject().makeVm(), ...more });
  }

  private async run(vm: VmSpec): Promise<VmSpec> {
    await this.from().call('ensureVolume', { volume: vm.rootVolume });
    await this.from().call('ensureVmRunning', { vm });
    return vm;
  }

  /** A machine on a disk that only the source reaches, and the same as the destination is told of it. */
  async makeRunningOnOwnDisk(): Promise<{ here: VmSpec; there: VmSpec }> {
    const { makeVm, ownPools } = this.subject();
    const vm = makeVm();
    const here = { ...vm, rootVolume: { ...vm.rootVolume, pool: ownPools.source } };
    await this.from().call('ensureVolume', { volume: here.rootVolume });
    await this.from().call('ensureVmRunning', { vm: here });
    const [size] = (await this.from().call('getVolumeSizes', { volumes: [here.rootVolume] })).sizes;
    const { id } = vm.rootVolume;
    const there = { ...vm, rootVolume: { id, pool: ownPools.destination, sizeBytes: size?.sizeBytes ?? 0 } };
    await this.to().call('ensureVolume', { volume: there.rootVolume });
    return { here, there };
  }

  /** A machine whose disk was on a pool of the source alone when it was started, and went to one of both since. */
  async makeRunningOnSharedDisk(): Promise<VmSpec> {
    const { id, pool } = this.subject().makeVm().rootVolume;
    const { here } = await this.makeRunningOnOwnDisk();
    await this.to().call('ensureVolumeGone', {
      volumeId: here.rootVolume.id,
      pool: this.subject().ownPools.destination,
    });
    const target = { id: here.rootVolume.id, pool, sizeBytes: here.rootVolume.sizeBytes };
    const copy = { copyId: id, volume: here.rootVolume, target, vmId: here.id };
    await this.from().call('copyVolume', copy);
    await this.from().call('switchVolume', copy);
    await this.from().call('ensureVolumeGone', { volumeId: target.id, pool: here.rootVolume.pool });
    return { ...here, rootVolume: target };
  }

  digest(vm: VmSpec): Promise<string> {
    return this.subject().digest(vm.rootVolume);
  }

  async remove(vm: VmSpec): Promise<void> {
    for (const host of [this.from(), this.to()]) await host.call('ensureVmGone', { vmId: vm.id });
    await this.from().call('ensureVolumeGone', { volumeId: vm.rootVolume.id, pool: vm.rootVolume.pool });
  }

  async removeBoth({ here, there }: { here: VmSpec; there: VmSpec }): Promise<void> {
    await this.remove(here);
    await this.to().twice('ensureVolumeGone', { volumeId: there.rootVolume.id, pool: there.rootVolume.pool });
  }

  async sides(vm: VmSpec): Promise<[MigrationSide, MigrationSide]> {
    const ask = async (host: ConformanceCaller) => (await host.call('endMigration', { vmId: vm.id })).side;
    return Promise.all([ask(this.from()), ask(this.to())]);
  }

  /** As {@link move}, slowly; the guest goes first when all was sent once. */
  movePostCopy(vm: VmSpec, link: SlowLink, context: Partial<VerbContext> = {}) {
    const postCopy = { receive: { postCopy: true as const }, send: { postCopy: { afterMs: 1 } } };
    return this.move(vm, link, { reach: link.reachSlowly, ...context }, [], postCopy);
  }

  /** Both halves at once, as two agents would run them. */
  // oxlint-disable-next-line durastack/max-parameters -- what a test names least often comes last
  move(
    vm: VmSpec,
    link = new Link(),
    context: Partial<VerbContext> = {},
    withVolumes: string[] = [],
    more: { receive?: { postCopy: true }; send?: { postCopy: { afterMs: number } } } = {},
  ) {
    const ticket = 'x'.repeat(43);
    const stop = new AbortController();
    const receiving = this.to().call(
      'receiveVm',
      { vm, sourceHostId: randomUUID(), ticket, validForMs: 60_000, withVolumes, ...more.receive },
      { admit: link.admit, signal: stop.signal },
    );
    const destination = { hostId: randomUUID(), url: 'agent://127.0.0.1:1', ticket };
    const params = { vmId: vm.id, destination, withVolumes, ...more.send };
    const sending = this.from().call('sendVm', params, { reach: link.reach, ...context });
    for (const half of [receiving, sending]) half.catch(() => undefined);
    return { receiving, sending, stopReceiving: () => stop.abort(new DurastackError('CANCELLED', 'Stopped.')) };
  }
}

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
    const scene = new MigrationScene(() => subject);
    describeMoves(scene);
    describeMovesOfChanged(scene);
    describeDisks(scene);
    describeStops(scene);
    describeDoubts(scene);
    describePostCopy(scene);
  });
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

const WHILE = { timeout: 60_000, interval: 100 };

function describePostCopy(scene: MigrationScene): void {
  it('lets a machine go first that writes faster than it can be sent; its memory follows, whole', async () => {
    const vm = await scene.makeRunningBusy();
    const stop = new AbortController();
    const { receiving, sending, stopReceiving } = scene.movePostCopy(vm, new SlowLink(), { signal: stop.signal });
    expect((await sending).switchedMs).toBeGreaterThan(0);
    await receiving;
    // Whoever ended anything now would lose it.
    stop.abort(new DurastackError('CANCELLED', 'Cancelled.'));
    stopReceiving();
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
