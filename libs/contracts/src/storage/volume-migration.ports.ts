import type { StepActivity } from '../operations/step.js';

/** A volume on its way to another pool. */
export interface VolumeMigrationPorts {
  /** Checks again, takes room on the target pool, chooses the host that copies, and notes all that. */
  reserveMigrationTarget: StepActivity;
  /** Gives the room back and forgets the move. Undo of {@link reserveMigrationTarget}. */
  releaseMigrationTarget: StepActivity;
  /** The host that copies reaches the target pool. Changes nothing else. */
  checkMigrationTarget: StepActivity;
  /** All of the volume is on both pools; a running machine keeps both in step. */
  copyVolumeToTarget: StepActivity;
  /** Nothing of the volume is on the target pool. Undo of {@link copyVolumeToTarget}. */
  discardVolumeCopy: StepActivity;
  /** The target is the disk, on its host and by the rows. */
  switchToTarget: StepActivity;
  /** Nothing of the volume is on its old pool, and the room there is given back. */
  removeMigrationSource: StepActivity;
}
