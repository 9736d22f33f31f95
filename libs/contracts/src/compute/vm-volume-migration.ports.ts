import type { StepActivity } from '../operations/step.js';
import type { VmMigrationPorts } from './vm-migration.ports.js';

/** Moving a machine together with disks: what moving it alone has, and what its disks need. */
export interface VmVolumeMigrationPorts extends Pick<
  VmMigrationPorts,
  'checkMigration' | 'moveVm' | 'settleMove' | 'recordMove' | 'clearSource'
> {
  /** Checks again, chooses a host and a pool for each disk that moves, takes room there, and notes all that. */
  reserveMoveWithVolumes: StepActivity;
  /** Gives back the room where machine and disks are not, and forgets the move. Undo of {@link reserveMoveWithVolumes}. */
  releaseMoveWithVolumes: StepActivity;
  /** The pools answer and have room; empty disks of the right size wait there for a running machine's. */
  prepareVolumeTargets: StepActivity;
  /** Nothing of the disks is where they were to go. Undo of {@link prepareVolumeTargets} and {@link copyVolumesAtRest}. */
  discardVolumeTargets: StepActivity;
  /** The disks of a stopped machine are copied, and compared. */
  copyVolumesAtRest: StepActivity;
  /** Nothing of the disks is where they were, and the room there is given back. */
  removeVolumeSources: StepActivity;
}
