import type { VmPowerPorts } from '@durastack/contracts/compute/vm.ports';
import { defineSteps, forwardOnly, hostVerb, nothing, pivot, poll, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Reboots a virtual machine on its host: shut down, make sure that it is off, start.
 *
 * Pivot: making sure that it is off. Its capacity and addresses stay reserved throughout.
 */
export const rebootVirtualMachineSteps = defineSteps<VmPowerPorts>([
  undoable('Ask the guest to shut down', {
    do: poll('shutdownVm'),
    undo: nothing('a pressed power button cannot be taken back'),
  }),
  pivot('Make sure that it is off', hostVerb('powerOffVm')),
  forwardOnly('Start the domain', hostVerb('startVm'), 'it was running before: the only way back is to start it'),
]);

/** See {@link rebootVirtualMachineSteps}. */
export const rebootVirtualMachine = operationWorkflow(rebootVirtualMachineSteps);
