import type { PlacementPorts, VmPowerPorts, VmVolumePorts } from '@durastack/contracts/compute/vm.ports';
import { defineSteps, hostVerb, poll, quick, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Deploys a virtual machine.
 *
 * Before: the rows of machine, root volume and interfaces exist, with their ids, addresses and names.
 * No pivot: every step can be taken back, so a cancel is heard until the end.
 * If everything fails: the machine is `Error`, nothing of it is on any host or pool, its capacity is given back;
 * the row stays until it is expunged.
 * The template's base image stays on the pool, for the next machine.
 * With `startvm=false` only the records are made; disk and domain come with the first start.
 */
export const deployVirtualMachineSteps = defineSteps<PlacementPorts & VmVolumePorts & VmPowerPorts>([
  undoable('Choose a host and reserve capacity', { do: quick('reservePlacement'), undo: quick('releasePlacement') }),
  undoable('Create the root disk', { do: poll('createRootVolume'), undo: hostVerb('removeRootVolume') }),
  undoable('Start the domain', { do: hostVerb('startVm'), undo: hostVerb('removeVmFromHost') }),
]);

/** See {@link deployVirtualMachineSteps}. */
export const deployVirtualMachine = operationWorkflow(deployVirtualMachineSteps);
