import type { PlacementPorts, VmPowerPorts, VmVolumePorts } from '@durastack/contracts/compute/vm.ports';
import { defineSteps, forwardOnly, hostVerb, poll, quick, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Starts a stopped virtual machine, where there is room.
 *
 * Before: the machine is `Stopped`; a domain that a guest left behind by powering itself off may still be defined.
 * No pivot. If everything fails: `Stopped`, on no host, its disks kept: also those that were made now.
 */
export const startVirtualMachineSteps = defineSteps<PlacementPorts & VmVolumePorts & VmPowerPorts>([
  forwardOnly(
    'Clear what was left on its last host',
    hostVerb('removeVmFromHost'),
    'the machine is off: nothing of it is needed there',
  ),
  undoable('Choose a host and reserve capacity', { do: quick('reservePlacement'), undo: quick('releasePlacement') }),
  undoable('Create the disks that do not exist yet', {
    do: poll('createRootVolume'),
    undo: hostVerb('removeUnfinishedDisks'),
  }),
  undoable('Start the domain', { do: hostVerb('startVm'), undo: hostVerb('removeVmFromHost') }),
]);

/** See {@link startVirtualMachineSteps}. */
export const startVirtualMachine = operationWorkflow(startVirtualMachineSteps);
