/** Volumes of a simulated host that go to another one, through the agents' connection as between real hosts. */
import { finished } from 'node:stream/promises';
import type { VolumeSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import type { DriverVerbs } from '../driver.js';
import { copyProgress } from '../volume-copy/copy-image.js';
import { sendWhole } from '../volume-copy/send-whole.js';
import { receiveWhole, type ArrivalPlace } from '../volume-copy/volume-receiver.js';
import { sleep } from './faults.js';
import { sink } from './moving-disks.js';
import { requireFree } from './plugging.js';
import type { SimulatedWorld } from './world.js';

const PARTS = 10;

/** @param transferMs how long one takes, with progress */
export function volumeTransferVerbs(
  world: SimulatedWorld,
  hostId: string,
  transferMs: number,
): Pick<DriverVerbs, 'receiveVolume' | 'sendVolume' | 'endVolumeTransfer'> {
  return {
    receiveVolume: async ({ volume }, context) => {
      await receiveWhole(volume.id, arrivalPlace({ world, hostId, volume, signal: context.signal }), context);
      return {};
    },
    sendVolume: async (params, context) => {
      const { volume } = params;
      requireFree(world, hostId, { vmId: '', volume });
      const { sizeBytes, writtenBy = '' } = world.pool(hostId, volume.pool).volumes[volume.id] ?? { sizeBytes: 0 };
      await sendWhole(params, context, async (open) => {
        const stream = (await open()).on('error', () => undefined).resume();
        for (let part = 0; part < PARTS && transferMs > 0; part += 1) {
          context.progress(...copyProgress('copied', (100 * part) / PARTS, sizeBytes));
          await sleep(transferMs / PARTS, context.signal);
          if (stream.destroyed)
            throw new DurastackError('STEP_REFUSED', `The connection broke while volume ${volume.id} was copied.`);
        }
        // Broken by the other side: the next call to it says why.
        const sent = finished(stream).catch(() => undefined);
        stream.end(`${volume.id} ${writtenBy}`);
        await sent;
      });
      return {};
    },
    endVolumeTransfer: async () => ({}),
  };
}

interface Arriving {
  readonly world: SimulatedWorld;
  readonly hostId: string;
  readonly volume: VolumeSpec;
  readonly signal: AbortSignal;
}

function arrivalPlace({ world, hostId, volume, signal }: Arriving): ArrivalPlace {
  const { id, pool, sizeBytes } = volume;
  const volumes = () => world.content(hostId, pool).volumes;
  return {
    begin: async () => {
      world.pool(hostId, pool);
      volumes()[id] = { sizeBytes, partial: true };
      world.save(hostId);
    },
    openStream: async () =>
      sink(signal).on('data', (chunk: Buffer) => {
        const [name, writtenBy = ''] = String(chunk).split(' ');
        const present = volumes()[id];
        if (name === id && present !== undefined && writtenBy !== '') present.writtenBy = writtenBy;
      }),
    complete: async () => {
      delete volumes()[id]?.partial;
      world.save(hostId);
    },
    discard: async () => {
      delete volumes()[id];
      world.save(hostId);
    },
  };
}
