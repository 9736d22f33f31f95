import type { VmNicPorts } from '@durastack/contracts/compute/vm-nic.ports';
import { defineSteps, hostVerb, poll, quick, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Gives a machine an interface on one more network.
 *
 * Before: it is `Running` or `Stopped`, and not on that network. One that is on no host is given it by its next start.
 * No pivot: every step can be taken back, so a cancel is heard until the end. If everything fails it has the interfaces
 * that it had, and the address is free; the network may stay on its host.
 */
export const addNicToVirtualMachineSteps = defineSteps<VmNicPorts>([
  undoable('Choose its address', { do: quick('reserveNic'), undo: quick('releaseNic') }),
  undoable('Plug it in', { do: hostVerb('plugNic'), undo: poll('unplugNic') }),
]);

/** See {@link addNicToVirtualMachineSteps}. */
export const addNicToVirtualMachine = operationWorkflow(addNicToVirtualMachineSteps);
