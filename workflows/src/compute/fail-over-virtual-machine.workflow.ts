import type { VmFailOverPorts } from '@durastack/contracts/infra/fail-over.ports';
import type { PlacementPorts, VmPowerPorts, VmVolumePorts } from '@durastack/contracts/compute/vm.ports';
import { defineSteps, forwardOnly, hostVerb, poll, quick, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Starts a machine of a lost host on another one.
 *
 * Before: the machine is `Running` on a host that is lost, and its old copy is proven dead; or an earlier try found no
 * room, and it is `Stopped` on no host. No pivot. If everything fails: `Stopped`, on no host, its disks kept; HA tries
 * again.
 */
export const failOverVirtualMachineSteps = defineSteps<VmFailOverPorts & PlacementPorts & VmVolumePorts & VmPowerPorts>(
  [
    forwardOnly('Leave the lost host', quick('leaveLostHost'), 'its copy there is dead, which is a fact'),
    undoable('Choose a host and reserve capacity', { do: quick('reservePlacement'), undo: quick('releasePlacement') }),
    undoable('Make its disks known there', { do: poll('createRootVolume'), undo: hostVerb('removeUnfinishedDisks') }),
    undoable('Start the domain', { do: hostVerb('startVm'), undo: hostVerb('removeVmFromHost') }),
  ],
);

/** See {@link failOverVirtualMachineSteps}. */
export const failOverVirtualMachine = operationWorkflow(failOverVirtualMachineSteps);
