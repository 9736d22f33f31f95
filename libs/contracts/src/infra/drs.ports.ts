import type { StepActivity } from '../operations/step.js';

/** Carrying out a plan of the distributed resource scheduler. */
export interface DrsPorts {
  /** Asks for one move after the other until none is left. CONFLICT saying why it stops. */
  moveAsPlanned: StepActivity;
  /** Moves that have not begun are dropped, those under way are waited for. */
  stopMoves: StepActivity;
}
