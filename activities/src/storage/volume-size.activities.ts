import { DurastackError } from '@durastack/contracts/errors';
import { DONE, type StepRef } from '@durastack/contracts/operations/step';
import type { VolumeSizePorts } from '@durastack/contracts/storage/volume.ports';
import type { Tx } from '@durastack/store/database/transaction';
import { growPoolReservation, shrinkPoolReservation } from '@durastack/store/operations/grow-reservations';
import type { OperationRow } from '@durastack/store/operations/operation-row';
import { inStep } from '@durastack/store/operations/run';
import { requireGrowth } from '@durastack/store/storage/growth';
import { readVolume, type VolumeRow } from '@durastack/store/storage/volume-row';
import type { ActivityDependencies } from '../dependencies.js';
import { readVolumeWork } from './volume-work.js';

interface Resize {
  readonly volume: VolumeRow;
  readonly sizeBytes: number;
  readonly diskOfferingId: string | undefined;
}

/** What is asked, and the volume as it is; CONFLICT when another machine has it than was held at acceptance. */
async function readResize(tx: Tx, { resource, input }: OperationRow): Promise<Resize> {
  const volume = await readVolume(tx, resource.id);
  const { sizeBytes, diskOfferingId, vmId } = input;
  if (volume.vmId !== (vmId ?? null))
    throw new DurastackError(
      'CONFLICT',
      `The volume ${volume.name} was attached or detached since its resize was asked for; ask again.`,
    );
  return {
    volume,
    sizeBytes: Number(sizeBytes),
    diskOfferingId: typeof diskOfferingId === 'string' ? diskOfferingId : undefined,
  };
}

/** See {@link VolumeSizePorts}. */
export function createActivities({ source, agents }: ActivityDependencies): VolumeSizePorts {
  const resizing = <T>(step: StepRef, body: (tx: Tx, resize: Resize) => Promise<T>) =>
    inStep(source, step, async (tx, operation) => body(tx, await readResize(tx, operation)));

  return {
    reserveVolumeGrowth: (step) =>
      resizing(step, async (tx, { volume, sizeBytes }) => {
        if (step.direction === 'past-pivot') return DONE;
        requireGrowth(volume, sizeBytes);
        if (volume.poolId === null) return DONE;
        const growth = { volumeId: volume.id, poolId: volume.poolId, sizeBytes };
        if (await growPoolReservation(tx, growth)) return DONE;
        throw new DurastackError('NO_CAPACITY', `The storage of ${volume.name} has no room for ${sizeBytes} bytes.`);
      }),

    releaseVolumeGrowth: (step) =>
      inStep(source, step, async (tx, { resource }) => {
        const { id: volumeId, poolId, sizeBytes } = await readVolume(tx, resource.id);
        if (poolId !== null) await shrinkPoolReservation(tx, { volumeId, poolId, sizeBytes });
        return DONE;
      }),

    async growVolume(step) {
      const work = await resizing(step, async (tx, { volume, sizeBytes }) =>
        volume.state === 'Allocated' ? undefined : readVolumeWork(tx, { ...volume, sizeBytes }),
      );
      if (work) {
        const { hostId, volume, vmId } = work;
        await agents.call(hostId, 'ensureVolumeSize', { volume, ...(vmId === undefined ? {} : { vmId }) }, step);
      }
      return DONE;
    },

    markVolumeGrown: (step) =>
      resizing(step, async (tx, { volume, sizeBytes, diskOfferingId }) => {
        await tx.execute(
          'UPDATE volume SET size_bytes = ?, disk_offering_id = COALESCE(?, disk_offering_id) WHERE id = ?',
          [sizeBytes, diskOfferingId ?? null, volume.id],
        );
        return DONE;
      }),
  };
}
