import type { VolumePorts } from '@durastack/contracts/storage/volume.ports';
import { defineSteps, hostVerb, quick, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Creates a data disk.
 *
 * Before: its row exists, `Allocated`. Without a pool that was asked for, that is all: the disk is made where the
 * machine that it is first attached to reaches it. No pivot. If everything fails: the row is `Expunged`, and nothing of
 * it is on any pool.
 */
export const createVolumeSteps = defineSteps<VolumePorts>([
  undoable('Take room on the pool that was asked for', {
    do: quick('reserveVolumeRoom'),
    undo: quick('releaseVolumeRoom'),
  }),
  undoable('Create the disk there', { do: hostVerb('makeVolume'), undo: hostVerb('unmakeVolume') }),
]);

/** See {@link createVolumeSteps}. */
export const createVolume = operationWorkflow(createVolumeSteps);
