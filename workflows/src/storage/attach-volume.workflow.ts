import type { VolumeAttachmentPorts, VolumePorts } from '@durastack/contracts/storage/volume.ports';
import { defineSteps, hostVerb, pivot, poll, quick, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Attaches a data disk to a machine.
 *
 * Volume and machine are both held, so neither starts, stops or moves meanwhile. Of a machine that is on no host only
 * the attachment is noted; its start makes and plugs the disk.
 * Pivot: noting that it is attached. Until then everything is taken back: the disk is unplugged, one that was made for
 * this is removed, its room and position are given back; a disk that held data is left as it was.
 */
export const attachVolumeSteps = defineSteps<VolumePorts & VolumeAttachmentPorts>([
  undoable('Choose its position and its pool', { do: quick('reserveAttachment'), undo: quick('releaseAttachment') }),
  undoable('Create the disk if there is none yet', { do: hostVerb('makeVolume'), undo: hostVerb('unmakeVolume') }),
  undoable('Plug it in', { do: hostVerb('plugVolume'), undo: poll('unplugVolume') }),
  pivot('Note that it is attached', quick('markAttached')),
]);

/** See {@link attachVolumeSteps}. */
export const attachVolume = operationWorkflow(attachVolumeSteps);
