import type { VolumeAttachmentPorts } from '@durastack/contracts/storage/volume.ports';
import { defineSteps, hostVerb, pivot, poll, quick, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Detaches a data disk from its machine.
 *
 * A running guest is asked for the disk, and has a grace period to let go of it: taking it away would lose what it has
 * not written yet. Pivot: noting that it is detached. Until then a failure or a cancel leaves it attached: it is plugged
 * in again if the guest let go of it after all.
 */
export const detachVolumeSteps = defineSteps<VolumeAttachmentPorts>([
  undoable('Ask the guest for the disk', { do: poll('releaseFromGuest'), undo: hostVerb('plugVolume') }),
  pivot('Note that it is detached', quick('markDetached')),
]);

/** See {@link detachVolumeSteps}. */
export const detachVolume = operationWorkflow(detachVolumeSteps);
