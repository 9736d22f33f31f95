import type { VmSizePorts } from '@durastack/contracts/compute/vm-size.ports';
import { defineSteps, hostVerb, nothing, pivot, quick, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Gives a machine another size; a running one grows on its host.
 *
 * Pivot: noting the new size. What a running guest was given before a failure it keeps until it is stopped: a guest
 * cannot be made to give processors or memory back. Its recorded size and what it has reserved are as before then.
 */
export const scaleVirtualMachineSteps = defineSteps<VmSizePorts>([
  undoable('Take the room on its host', { do: quick('reserveVmGrowth'), undo: quick('releaseVmGrowth') }),
  undoable('Give it processors and memory', {
    do: hostVerb('growVm'),
    undo: nothing('a guest cannot be made to give them back; it starts next with its recorded size'),
  }),
  pivot('Note its new size', quick('markVmScaled')),
]);

/** See {@link scaleVirtualMachineSteps}. */
export const scaleVirtualMachine = operationWorkflow(scaleVirtualMachineSteps);
