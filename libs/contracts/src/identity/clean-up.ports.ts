import type { StepActivity } from '../operations/step.js';

/** Removing an account, a project or a domain together with everything in it. */
export interface CleanUpPorts {
  /** Nobody acts for it any more, and nothing new is made in it. CONFLICT while another operation removes it. */
  closeOwner: StepActivity;
  /** As before {@link closeOwner}; what was removed stays removed. */
  reopenOwner: StepActivity;
  /** Asks for the removal of one thing after the other, until nothing is left. CONFLICT naming what cannot be removed. */
  cleanUp: StepActivity;
  /** What has not begun to go stays; what is on its way is waited for. */
  stopCleanUp: StepActivity;
  /** It is gone; its row stays for events. CONFLICT when something has come into it meanwhile. */
  removeOwner: StepActivity;
}
