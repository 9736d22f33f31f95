import type { VmNicPorts } from '@durastack/contracts/compute/vm-nic.ports';
import { defineSteps, hostVerb, pivot, poll, quick, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Takes an interface from a machine.
 *
 * A running guest is asked for it, and has a grace period to let go. Pivot: giving its address back. Until then a failure
 * or a cancel leaves the machine with it: it is plugged in again if the guest let go after all.
 */
export const removeNicFromVirtualMachineSteps = defineSteps<VmNicPorts>([
  undoable('Ask the guest for it', { do: poll('unplugNic'), undo: hostVerb('plugNic') }),
  pivot('Give its address back', quick('releaseNic')),
]);

/** See {@link removeNicFromVirtualMachineSteps}. */
export const removeNicFromVirtualMachine = operationWorkflow(removeNicFromVirtualMachineSteps);
