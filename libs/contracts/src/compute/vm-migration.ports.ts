import type { StepActivity } from '../operations/step.js';

/** Moving a running machine to another host. */
export interface VmMigrationPorts {
  /** Chooses a host, reserves room there beside what is held at the source, and notes the migration. */
  reserveMigration: StepActivity;
  /** Gives back the room on the host where the machine is not, and forgets the migration. */
  releaseMigration: StepActivity;
  /** Compares processors and hypervisors, and looks at the disks from there. STEP_REFUSED with the reason. */
  checkMigration: StepActivity;
  /** Opens the destination and sends the machine; shows how far it is. */
  moveVm: StepActivity;
  /**
   * Ends what both hosts are doing about it, asks both where the machine is, and concludes: at the source, with nothing
   * at the destination; or at the destination, for good. Waits as long as one of them cannot say.
   */
  settleMove: StepActivity;
  /** Records that the machine is where it is. */
  recordMove: StepActivity;
  /** Domain, seed and ports are gone from the source, its room is given back, the migration is forgotten. */
  clearSource: StepActivity;
}
