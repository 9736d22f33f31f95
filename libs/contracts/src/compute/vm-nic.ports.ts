import type { StepActivity } from '../operations/step.js';

/** A machine's interfaces. */
export interface VmNicPorts {
  /** Writes the new interface with MAC and address, and gives its network to the machine's host. NO_CAPACITY without a free address. */
  reserveNic: StepActivity;
  /** Forgets it; its address is free. Undo of {@link reserveNic}, and the end of a removal. */
  releaseNic: StepActivity;
  /** A machine that is on a host has every interface that is recorded. */
  plugNic: StepActivity;
  /** It has every other one. NOT_ALLOWED_IN_STATE when its guest does not let go within its grace period. */
  unplugNic: StepActivity;
}
