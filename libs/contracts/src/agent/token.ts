import { z } from 'zod';

/**
 * The fencing token that every mutating verb carries, compared field by field from the left.
 *
 * - `controlEpoch` rises when the control plane's database was restored from a backup;
 * - `generation` is allocated anew for every run of an operation (ascending over the whole control plane), so a
 *   later holder of a resource's lock always has a higher one than an earlier holder;
 * - `step` rises with every step of a run; an undo has a higher one than every forward step.
 */
export const agentToken = z.object({
  controlEpoch: z.int().min(0),
  generation: z.int().min(0),
  step: z.int().min(0),
});

/** See {@link agentToken}. */
export type AgentToken = z.infer<typeof agentToken>;

/** Negative when `a` is older than `b`, 0 when equal, positive when newer. */
export function compareTokens(a: AgentToken, b: AgentToken): number {
  return a.controlEpoch - b.controlEpoch || a.generation - b.generation || a.step - b.step;
}
