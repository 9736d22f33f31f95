import type { VmMigrationPorts } from '@durastack/contracts/compute/vm-migration.ports';
import {
  defineSteps,
  forwardOnly,
  hostVerb,
  nothing,
  pivotOnHosts,
  poll,
  quick,
  undoable,
} from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Moves a running virtual machine to another host that reaches its disks.
 *
 * Before: the machine is `Running`. The pivot is the moment in which it begins to run at the destination: the two agents
 * pass it between them, in milliseconds, and nobody waits for the control plane with the guest standing still. So a
 * cancel or a failure first ends what both agents do, asks both where the machine is, and then undoes or goes on.
 * If everything fails before: it runs where it ran, nothing of it is at the destination, the room there is given back.
 * After: it runs at the destination; the source is cleared however long that takes.
 *
 * While this runs the domain may be on both hosts; `vm_migration` says which. Nobody else touches the machine meanwhile.
 */
export const migrateVirtualMachineSteps = defineSteps<VmMigrationPorts>([
  undoable('Choose a host and reserve capacity', { do: quick('reserveMigration'), undo: quick('releaseMigration') }),
  undoable('Check that the host can take it', { do: hostVerb('checkMigration'), undo: nothing('it only looks') }),
  pivotOnHosts('Copy memory and switch over', { do: poll('moveVm'), settle: poll('settleMove') }),
  forwardOnly('Record where it runs', quick('recordMove'), 'it runs there'),
  forwardOnly(
    'Clear the host that it left',
    hostVerb('clearSource'),
    'it runs elsewhere: nothing of it is needed there',
  ),
]);

/** See {@link migrateVirtualMachineSteps}. */
export const migrateVirtualMachine = operationWorkflow(migrateVirtualMachineSteps);
