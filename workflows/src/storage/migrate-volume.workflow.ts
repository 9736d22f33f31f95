import type { VolumeMigrationPorts } from '@durastack/contracts/storage/volume-migration.ports';
import { defineSteps, forwardOnly, hostVerb, nothing, pivot, poll, quick, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Moves a volume to another pool, under the hands of a running machine or while nobody uses it.
 *
 * Before: the volume is `Ready`, its machine (if it has one) `Running` or `Stopped`; the machine's lock is held
 * throughout, so nothing starts, stops or moves it meanwhile. The row `volume_copy` says that two pools may hold it.
 *
 * Pivot: going over to the copy. Before it the source is the disk, and a failure or a cancel leaves nothing on the
 * target; from then on the copy is completed whatever happens to the machine, and the source is removed only when
 * everything that may start the machine names the target. If everything fails: on its old pool, as it was.
 */
export const migrateVolumeSteps = defineSteps<VolumeMigrationPorts>([
  undoable('Take room on the target pool', {
    do: quick('reserveMigrationTarget'),
    undo: quick('releaseMigrationTarget'),
  }),
  undoable('See that the host reaches the target pool', {
    do: hostVerb('checkMigrationTarget'),
    undo: nothing('looking changes nothing'),
  }),
  undoable('Copy the disk', { do: poll('copyVolumeToTarget'), undo: hostVerb('discardVolumeCopy') }),
  pivot('Go over to the copy', poll('switchToTarget')),
  forwardOnly(
    'Remove the disk from its old pool',
    hostVerb('removeMigrationSource'),
    'the disk on the new pool has been written to since',
  ),
]);

/** See {@link migrateVolumeSteps}. */
export const migrateVolume = operationWorkflow(migrateVolumeSteps);
