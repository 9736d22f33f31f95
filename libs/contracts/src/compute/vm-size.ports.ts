import type { StepActivity } from '../operations/step.js';

/** A machine's size: its service offering. */
export interface VmSizePorts {
  /** Takes the room on its host by which a running machine is to grow. NO_CAPACITY when it has none. */
  reserveVmGrowth: StepActivity;
  /** The machine has reserved what its recorded size takes. Undo of {@link reserveVmGrowth}. */
  releaseVmGrowth: StepActivity;
  /** The running machine has the processors and the memory of its new size. */
  growVm: StepActivity;
  /** Notes the new offering and size. */
  markVmScaled: StepActivity;
}
