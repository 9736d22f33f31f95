import type { StepActivity } from '../operations/step.js';

/** Making a machine's root disk anew. Each passes over what an earlier run has done. */
export interface VmRestorePorts {
  /** Writes the new disk's row and takes its room, on the pool of the old one. NO_CAPACITY when that has none. */
  reserveNewRoot: StepActivity;
  /** Forgets the new disk, and gives its room back. Undo of {@link reserveNewRoot}. */
  releaseNewRoot: StepActivity;
  /** The new disk exists on its pool; nothing does while the machine never ran. */
  makeNewRoot: StepActivity;
  /** It is gone from its pool. Undo of {@link makeNewRoot}. */
  removeNewRoot: StepActivity;
  /** A running machine's guest was asked to shut down, and is off or had its grace period. */
  shutdownForRestore: StepActivity;
  /** A machine that was running runs again, with the disk that is recorded as its own. */
  startAgain: StepActivity;
  /** Nothing of a machine that was running runs with the old disk. */
  powerOffForRestore: StepActivity;
  /** The new disk is recorded as the machine's, and its template. */
  switchRoot: StepActivity;
  /** The old ones are. Undo of {@link switchRoot}. */
  switchRootBack: StepActivity;
  /** Nothing of it runs with the new disk. Undo of a start that has the new one. */
  powerOffRestored: StepActivity;
  /** The old disk is gone from its pool, its room given back. */
  removeOldRoot: StepActivity;
}
