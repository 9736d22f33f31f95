import type { StepActivity } from '../operations/step.js';

/** What is in a machine's CD drive. */
export interface VmDiscPorts {
  /** The drive of a machine that runs holds the ISO that is asked for, or none. NOT_ALLOWED_IN_STATE when its guest keeps another one. */
  changeDisc: StepActivity;
  /** It holds what is noted, whatever its guest says. Undo of {@link changeDisc}. */
  restoreDisc: StepActivity;
  /** Notes what it holds: the machine is started with it from now on. */
  noteDisc: StepActivity;
}
