import type { VmPowerPorts, VmRecordPorts, VmVolumePorts } from '@durastack/contracts/compute/vm.ports';
import { defineSteps, forwardOnly, hostVerb, pivot, quick } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Removes a virtual machine for good: domain, disks, addresses. The row stays for accounting.
 *
 * Pivot: cutting the power, which is the first step.
 */
export const expungeVirtualMachineSteps = defineSteps<VmPowerPorts & VmVolumePorts & VmRecordPorts>([
  pivot('Cut its power', hostVerb('powerOffVm')),
  forwardOnly(
    'Remove its domain and give its capacity back',
    hostVerb('removeVmFromHost'),
    'the machine is being removed',
  ),
  forwardOnly(
    'Remove its disks',
    hostVerb('removeRootVolume'),
    'data that was asked to be removed is not brought back',
  ),
  forwardOnly(
    'Give back its addresses and names',
    quick('releaseVmRecords'),
    'nothing is left that they could belong to',
  ),
]);

/** See {@link expungeVirtualMachineSteps}. */
export const expungeVirtualMachine = operationWorkflow(expungeVirtualMachineSteps);
