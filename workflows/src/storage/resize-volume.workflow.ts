import type { VolumeSizePorts } from '@durastack/contracts/storage/volume.ports';
import { defineSteps, hostVerb, nothing, pivot, quick, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Makes a disk larger, through QEMU while a machine runs with it.
 *
 * Pivot: noting the new size. What grew before a failure stays: a disk is never made smaller, for nobody knows what is
 * written at its end. Its recorded size, its room and its offering are as before then, and the next resize makes up
 * for it.
 */
export const resizeVolumeSteps = defineSteps<VolumeSizePorts>([
  undoable('Take the room', { do: quick('reserveVolumeGrowth'), undo: quick('releaseVolumeGrowth') }),
  undoable('Grow the disk', { do: hostVerb('growVolume'), undo: nothing('a disk is never made smaller') }),
  pivot('Note its new size', quick('markVolumeGrown')),
]);

/** See {@link resizeVolumeSteps}. */
export const resizeVolume = operationWorkflow(resizeVolumeSteps);
