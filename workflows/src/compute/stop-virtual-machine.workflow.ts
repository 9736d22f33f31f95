import type { VmPowerPorts } from '@durastack/contracts/compute/vm.ports';
import { defineSteps, forwardOnly, hostVerb, nothing, pivot, poll, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Stops a virtual machine: by its power button, then, when the guest has not obeyed in time or it is forced, by
 * cutting the power.
 *
 * Pivot: cutting the power. Before it a cancel leaves the machine `Running` (if the guest obeyed meanwhile, the
 * host's report makes it `Stopped`). After it: off, its domain removed, its capacity given back.
 */
export const stopVirtualMachineSteps = defineSteps<VmPowerPorts>([
  undoable('Ask the guest to shut down', {
    do: poll('shutdownVm'),
    undo: nothing('a pressed power button cannot be taken back'),
  }),
  pivot('Make sure that it is off', hostVerb('powerOffVm')),
  forwardOnly(
    'Remove its domain and give its capacity back',
    hostVerb('removeVmFromHost'),
    'it is off: a stop has only this way to end',
  ),
]);

/** See {@link stopVirtualMachineSteps}. */
export const stopVirtualMachine = operationWorkflow(stopVirtualMachineSteps);
