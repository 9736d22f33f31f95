import type { VmPowerPorts, VmRecordPorts, VmVolumePorts } from '@durastack/contracts/compute/vm.ports';
import { defineSteps, forwardOnly, hostVerb, pivot, quick } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Destroys a virtual machine: off, its domain removed, marked for expunging. Disks and addresses are kept, so
 * that it can be recovered; except for data disks that were named to go with it.
 *
 * Pivot: cutting the power, which is the first step: who destroys does not wait for the guest.
 */
export const destroyVirtualMachineSteps = defineSteps<VmPowerPorts & VmVolumePorts & VmRecordPorts>([
  pivot('Cut its power', hostVerb('powerOffVm')),
  forwardOnly(
    'Remove its domain and give its capacity back',
    hostVerb('removeVmFromHost'),
    'the machine is being destroyed',
  ),
  forwardOnly(
    'Remove the data disks that go with it',
    hostVerb('removeChosenVolumes'),
    'data that was asked to be removed is not brought back',
  ),
  forwardOnly('Mark it for expunging', quick('markVmDestroyed'), 'the machine is being destroyed'),
]);

/** See {@link destroyVirtualMachineSteps}. */
export const destroyVirtualMachine = operationWorkflow(destroyVirtualMachineSteps);
