import type { VmVolumeMigrationPorts } from '@durastack/contracts/compute/vm-volume-migration.ports';
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
 * Moves a running virtual machine to another host together with disks that it does not reach, or the disks of a stopped
 * one to other pools.
 *
 * Before: the machine is `Running` or `Stopped`; its disks are `Ready`. The rows `volume_copy` say which of them two
 * pools may hold, `vm_migration` on which two hosts a running one may be.
 *
 * Pivot: of a running machine, as of its migration alone, the moment in which it begins to run at the destination. Until
 * then each disk that moves is written to on both sides, and the source's counts; from then on the destination's alone.
 * Of a stopped one, the rows: all copies were compared before. If everything fails before: all is where it was, and
 * nothing where it was to go. After: machine and disks are there, and what they left is cleared however long that takes.
 */
export const migrateVirtualMachineWithVolumeSteps = defineSteps<VmVolumeMigrationPorts>([
  undoable('Choose host and pools and reserve room', {
    do: quick('reserveMoveWithVolumes'),
    undo: quick('releaseMoveWithVolumes'),
  }),
  undoable('Prepare the pools', { do: hostVerb('prepareVolumeTargets'), undo: hostVerb('discardVolumeTargets') }),
  undoable('Check that the host can take it', { do: hostVerb('checkMigration'), undo: nothing('it only looks') }),
  undoable('Copy disks that nobody uses', {
    do: poll('copyVolumesAtRest'),
    undo: hostVerb('discardVolumeTargets'),
  }),
  pivotOnHosts('Copy disks and memory and switch over', { do: poll('moveVm'), settle: poll('settleMove') }),
  forwardOnly('Record where it is', quick('recordMove'), 'it runs there, or may be started there'),
  forwardOnly(
    'Clear the host that it left',
    hostVerb('clearSource'),
    'it runs elsewhere: nothing of it is needed there',
  ),
  forwardOnly(
    'Remove the disks from their old pools',
    hostVerb('removeVolumeSources'),
    'the disks on the new pools may have been written to since',
  ),
]);

/** See {@link migrateVirtualMachineWithVolumeSteps}. */
export const migrateVirtualMachineWithVolume = operationWorkflow(migrateVirtualMachineWithVolumeSteps);
