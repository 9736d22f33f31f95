import type { DataVolumeSpec } from '@durastack/contracts/agent/specs';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import { DONE, type StepOutcome, type StepRef } from '@durastack/contracts/operations/step';
import type { VolumeAttachmentPorts } from '@durastack/contracts/storage/volume.ports';
import type { Tx } from '@durastack/store/database/transaction';
import type { OperationRow } from '@durastack/store/operations/operation-row';
import { inStep } from '@durastack/store/operations/run';
import { transitionIfAllowed } from '@durastack/store/operations/state-rows';
import { planAttachment } from '@durastack/store/storage/attachment';
import { readVolume, type VolumeRow } from '@durastack/store/storage/volume-row';
import { readPool } from '../compute/vm-rows.js';
import type { ActivityDependencies } from '../dependencies.js';
import { withinGrace } from '../guest-grace.js';
import { elapsedMs } from '../run-time.js';
import { placeDisk } from './choose-pool.js';
import { releaseRoom } from './data-volumes.js';
import { removeVolume } from './volume-hosts.js';
import { readVolumeWork } from './volume-work.js';

/** When its guest keeps a disk. */
const KEPT =
  'The guest does not let go of the disk, so it stays attached. Unmount it there, or stop the machine, then try again.';

/** Which machine the operation is about: written at acceptance, whatever became of the volume since. */
function vmOf({ input }: Pick<OperationRow, 'input'>): string {
  const vmId = input['vmId'];
  if (typeof vmId === 'string') return vmId;
  throw new DurastackError('BUG', 'The operation does not say which machine it is about.');
}

/** The disk on its machine's host; nothing when the machine is on none, or the disk on no pool. */
interface Plugged {
  readonly hostId: string;
  readonly vmId: string;
  readonly disk: DataVolumeSpec;
}

async function readPlugged(tx: Tx, volume: VolumeRow, vmId: string): Promise<Plugged | undefined> {
  const [vm] = await tx.query<{ hostId: string | null }>('SELECT host_id AS hostId FROM virtual_machine WHERE id = ?', [
    vmId,
  ]);
  if (!vm?.hostId || volume.poolId === null) return undefined;
  const { id, sizeBytes, deviceId } = volume;
  const disk = { volume: { id, pool: await readPool(tx, volume.poolId), sizeBytes }, deviceId };
  return { hostId: vm.hostId, vmId, disk };
}

/** See {@link VolumeAttachmentPorts}. */
export function createActivities(dependencies: ActivityDependencies): VolumeAttachmentPorts {
  const { source, agents } = dependencies;

  /** What is plugged, if the volume is noted as the machine's in this way. */
  const find = (step: StepRef, suits: (volume: VolumeRow) => boolean) =>
    inStep(source, step, async (tx, operation) => {
      const volume = await readVolume(tx, operation.resource.id);
      const vmId = vmOf(operation);
      return volume.vmId === vmId && suits(volume) ? readPlugged(tx, volume, vmId) : undefined;
    });

  /** Asks for the disk; on a host that is gone nothing has it. */
  const ask = async (step: StepRef, { hostId, vmId, disk }: Plugged): Promise<StepOutcome> => {
    try {
      const { released } = await agents.call(hostId, 'ensureVolumeDetached', { vmId, volumeId: disk.volume.id }, step);
      return released ? DONE : withinGrace(await elapsedMs(dependencies, step), KEPT);
    } catch (error) {
      if (isDurastackError(error, 'HOST_FENCED')) return DONE;
      throw error;
    }
  };

  return {
    reserveAttachment: (step) =>
      inStep(source, step, async (tx, operation) => {
        const { id: volumeId } = operation.resource;
        const vmId = vmOf(operation);
        const present = await readVolume(tx, volumeId);
        const isOurs = present.vmId === vmId && (present.attachedAt === null || step.direction === 'past-pivot');
        if (isOurs) return DONE;
        const asked = operation.input['deviceId'];
        const plan = { volumeId, vmId, deviceId: typeof asked === 'number' ? asked : undefined };
        const { volume, machine, deviceId } = await planAttachment(tx, plan);
        await tx.execute('UPDATE volume SET vm_id = ?, device_id = ?, attached_at = NULL WHERE id = ?', [
          vmId,
          deviceId,
          volumeId,
        ]);
        if (machine.hostId !== null && volume.poolId === null)
          await placeDisk(tx, { operationId: operation.id, volume, hostId: machine.hostId });
        return DONE;
      }),

    releaseAttachment: (step) =>
      inStep(source, step, async (tx, operation) => {
        const volume = await readVolume(tx, operation.resource.id);
        if (volume.vmId !== vmOf(operation) || volume.attachedAt !== null) return DONE;
        await tx.execute('UPDATE volume SET vm_id = NULL, device_id = 0 WHERE id = ?', [volume.id]);
        if (volume.state === 'Allocated') await releaseRoom(tx, volume.id);
        return DONE;
      }),

    async plugVolume(step) {
      // What its attachment, given up half-way, had made is gone with the detachment.
      const stays = ({ state }: VolumeRow) => state !== 'Allocated' || step.direction !== 'undoing';
      const plugged = await find(step, stays);
      if (plugged) {
        const { hostId, vmId, disk } = plugged;
        await agents.call(hostId, 'ensureVolumeAttached', { vmId, disk }, step);
      }
      return DONE;
    },

    async unplugVolume(step) {
      const plugged = await find(step, ({ attachedAt }) => attachedAt === null);
      return plugged ? ask(step, plugged) : DONE;
    },

    markAttached: (step) =>
      inStep(source, step, async (tx, operation) => {
        const volume = await readVolume(tx, operation.resource.id);
        if (volume.poolId !== null) await transitionIfAllowed(tx, { type: 'volume', id: volume.id }, 'Created');
        await tx.execute('UPDATE volume SET attached_at = COALESCE(attached_at, NOW(3)) WHERE id = ? AND vm_id = ?', [
          volume.id,
          vmOf(operation),
        ]);
        return DONE;
      }),

    async releaseFromGuest(step) {
      const work = await inStep(source, step, async (tx, operation) => {
        const volume = await readVolume(tx, operation.resource.id);
        const vmId = vmOf(operation);
        if (volume.vmId === vmId)
          return {
            plugged: await readPlugged(tx, volume, vmId),
            halfMade: volume.state === 'Allocated' ? await readVolumeWork(tx, volume) : undefined,
          };
        if (step.direction === 'past-pivot') return undefined;
        throw new DurastackError(
          'NOT_ALLOWED_IN_STATE',
          `The volume ${volume.name} is not attached to the virtual machine ${vmId} any more.`,
        );
      });
      const asked = work?.plugged ? await ask(step, work.plugged) : DONE;
      if (!asked.done || !work?.halfMade) return asked;
      const { hostId, volume } = work.halfMade;
      await removeVolume({ source, agents }, { volumeId: volume.id, pool: volume.pool, hostId }, step);
      return DONE;
    },

    markDetached: (step) =>
      inStep(source, step, async (tx, operation) => {
        const { id, state } = await readVolume(tx, operation.resource.id);
        await tx.execute(
          'UPDATE volume SET vm_id = NULL, device_id = 0, attached_at = NULL WHERE id = ? AND vm_id = ?',
          [id, vmOf(operation)],
        );
        if (state === 'Allocated') await releaseRoom(tx, id);
        return DONE;
      }),
  };
}
