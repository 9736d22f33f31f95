import type { VmDiscPorts } from '@durastack/contracts/compute/vm-disc.ports';
import { defineSteps, hostVerb, pivot, quick, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Changes what is in a machine's CD drive.
 *
 * Before: the machine is `Running` or `Stopped`, and held, so it neither starts, stops nor moves meanwhile; the ISO is
 * held too, so it is not removed. Of a machine that is on no host the change is only noted. Pivot: noting it. Until then
 * a failure or a cancel puts back what was there.
 */
export const attachIsoSteps = defineSteps<VmDiscPorts>([
  undoable('Change what is in the CD drive', { do: hostVerb('changeDisc'), undo: hostVerb('restoreDisc') }),
  pivot('Note what is in it', quick('noteDisc')),
]);

/** See {@link attachIsoSteps}. */
export const attachIso = operationWorkflow(attachIsoSteps);
