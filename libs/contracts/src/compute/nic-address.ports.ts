import type { StepActivity } from '../operations/step.js';

/** Secondary addresses of a machine's interfaces. */
export interface NicAddressPorts {
  /** Takes the address that was asked for, or a free one. NO_CAPACITY without one; CONFLICT when the wanted one is taken. */
  reserveNicAddress: StepActivity;
  /** Gives it back. Undo of {@link reserveNicAddress}, and the end of a removal. */
  releaseNicAddress: StepActivity;
  /** A guest that is on a host may speak from every address that is recorded. */
  allowNicAddress: StepActivity;
  /** It may speak from every other one. */
  forbidNicAddress: StepActivity;
}
