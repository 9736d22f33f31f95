/** What specs of migration stand on: two hosts, and the way between their agents. */
import type { MigrationSide } from '@durastack/contracts/agent/migration';
import type { PoolSpec, VmSpec, VolumeSpec } from '@durastack/contracts/agent/specs';
import type { VerbParams } from '@durastack/contracts/agent/verbs';
import { DurastackError } from '@durastack/contracts/errors';
import { randomUUID } from 'node:crypto';
import { Duplex, Transform } from 'node:stream';
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
export class Link {
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
export class SlowLink extends Link {
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

/** How long something that must come is waited for. */
export const POLL = { timeout: 15_000, interval: 50 };

/** Both hosts, and what the tests do with them. */
export class MigrationScene {
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

  digest(vm: Pick<VmSpec, 'rootVolume'>): Promise<string> {
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
    more: { receive?: { postCopy: true }; send?: Pick<VerbParams<'sendVm'>, 'postCopy' | 'bytesPerSecond'> } = {},
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
