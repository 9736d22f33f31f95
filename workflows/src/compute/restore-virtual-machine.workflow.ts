import type { VmRestorePorts } from '@durastack/contracts/compute/vm-restore.ports';
import { defineSteps, hostVerb, nothing, pivot, poll, quick, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Makes a machine's root disk anew from a template: a new disk beside the old one, which takes its place.
 *
 * Before: the machine is `Running`, or `Stopped` and stays so; its root disk is locked, nothing copies or grows it.
 * Pivot: removing the old disk, which is the last step: until then a failure or a cancel gives the machine its old disk
 * back, and starts one that was running. Its capacity and addresses stay reserved throughout.
 * What a guest loses by a restore that was undone is what it lost by being stopped.
 */
export const restoreVirtualMachineSteps = defineSteps<VmRestorePorts>([
  undoable('Take room for the new disk', { do: quick('reserveNewRoot'), undo: quick('releaseNewRoot') }),
  undoable('Make the new disk', { do: poll('makeNewRoot'), undo: hostVerb('removeNewRoot') }),
  undoable('Ask the guest to shut down', { do: poll('shutdownForRestore'), undo: hostVerb('startAgain') }),
  undoable('Make sure that it is off', {
    do: hostVerb('powerOffForRestore'),
    undo: nothing('it is started again when the old disk is its own again'),
  }),
  undoable('Give it the new disk', { do: quick('switchRoot'), undo: quick('switchRootBack') }),
  undoable('Start it from the new disk', { do: hostVerb('startAgain'), undo: hostVerb('powerOffRestored') }),
  pivot('Remove the old disk', hostVerb('removeOldRoot')),
]);

/** See {@link restoreVirtualMachineSteps}. */
export const restoreVirtualMachine = operationWorkflow(restoreVirtualMachineSteps);
