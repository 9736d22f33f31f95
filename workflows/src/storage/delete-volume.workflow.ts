import type { VolumePorts } from '@durastack/contracts/storage/volume.ports';
import { defineSteps, hostVerb, nothing, pivot, quick, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Removes a data disk with all that is on it.
 *
 * Pivot: removing it from its pool. Before it a machine that has the disk by now makes it fail. After it: gone, its room
 * given back; the row stays for accounting.
 */
export const deleteVolumeSteps = defineSteps<VolumePorts>([
  undoable('See that no machine has it', {
    do: quick('ensureVolumeFree'),
    undo: nothing('looking changes nothing'),
  }),
  pivot('Remove it from its pool', hostVerb('removeVolume')),
]);

/** See {@link deleteVolumeSteps}. */
export const deleteVolume = operationWorkflow(deleteVolumeSteps);
