/** Disks of simulated machines that go along with a migration. */
import { PassThrough, type Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { VmSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import type { MigrationReceiver } from '../driver.js';
import { disksOf } from './plugging.js';
import type { SimulatedPool, SimulatedWorld } from './world.js';

interface Arrival {
  readonly id: string;
  /** Of its pool as it is now, to be changed. */
  volumes(): SimulatedPool['volumes'];
}

type Machine = Pick<VmSpec, 'id' | 'rootVolume' | 'dataVolumes'>;

/** The destination's half. */
export class ArrivingDisks {
  private readonly arrivals: readonly Arrival[];

  /** INVALID_INPUT when a volume is none of the machine's. */
  constructor(
    private readonly world: SimulatedWorld,
    private readonly hostId: string,
    vm: Machine,
    withVolumes: readonly string[] = [],
  ) {
    this.arrivals = disksOf(vm)
      .filter(({ id }) => withVolumes.includes(id))
      .map(({ id, pool }) => {
        world.pool(hostId, pool);
        return { id, volumes: () => world.content(hostId, pool).volumes };
      });
    if (this.arrivals.length < withVolumes.length)
      throw new DurastackError('INVALID_INPUT', `A volume that is to come with machine ${vm.id} is none of its disks.`);
  }

  /** They wait for what comes. */
  begin(): void {
    for (const { volumes, id } of this.arrivals)
      volumes()[id] = { sizeBytes: volumes()[id]?.sizeBytes ?? 0, partial: true };
    this.world.save(this.hostId);
  }

  /** Takes the content of one. */
  openStream(signal: AbortSignal): Duplex {
    return sink(signal).on('data', (chunk: Buffer) => {
      const [id = '', writtenBy = ''] = String(chunk).split(' ');
      const volume = this.arrivals.find((one) => one.id === id)?.volumes()[id];
      if (volume !== undefined) volume.writtenBy = writtenBy;
    });
  }

  /** All of them came. */
  complete(): void {
    for (const { volumes, id } of this.arrivals) delete volumes()[id]?.partial;
  }
}

/** What the source sends. */
export interface LeavingDisks {
  readonly vm: Machine;
  readonly withVolumes: readonly string[] | undefined;
}

/** STEP_REFUSED when a volume that is to go along is none of the machine's. */
export function requireOwn({ vm, withVolumes = [] }: LeavingDisks): void {
  const stranger = withVolumes.find((id) => !disksOf(vm).some((disk) => disk.id === id));
  if (stranger !== undefined)
    throw new DurastackError('STEP_REFUSED', `Machine ${vm.id} has no volume ${stranger} that could go with it.`);
}

/** Sends the content of each. */
export async function sendDisks(
  world: SimulatedWorld,
  hostId: string,
  { vm, withVolumes = [] }: LeavingDisks,
  receiver: Pick<MigrationReceiver, 'openDiskStream'>,
): Promise<void> {
  for (const volume of disksOf(vm).filter(({ id }) => withVolumes.includes(id))) {
    const { writtenBy = '' } = world.pool(hostId, volume.pool).volumes[volume.id] ?? {};
    const disk = (await receiver.openDiskStream()).on('error', () => undefined).resume();
    // Broken by the other side: the next call to it says why.
    const sent = finished(disk).catch(() => undefined);
    disk.end(`${volume.id} ${writtenBy}`);
    await sent;
  }
}

/** Swallows what comes, until the copy goes. */
export function sink(signal: AbortSignal): Duplex {
  const stream = new PassThrough();
  signal.addEventListener('abort', () => stream.destroy(), { once: true });
  if (signal.aborted) stream.destroy();
  return stream.resume();
}
