/**
 * Why steps wait, where users see it. Every attempt of a step begins without a detail: what the last one failed for is
 * said again at once, or it would only be seen in the moment between two attempts.
 */
import { isDurastackError } from '@durastack/contracts/errors';
import type { StepRef } from '@durastack/contracts/operations/step';

/** A step that has waited for so long says so, and counts as waiting from then on. */
const SAY_AFTER_MS = 1_000;
/** Operations that were given up meanwhile leave theirs behind. */
const MOST = 10_000;

/** See the module's head. One per worker. */
export class StepTroubles {
  private readonly known = new Map<string, string>();

  /** @param say writes a step's detail; what cannot be written costs the step nothing */
  constructor(private readonly say: (step: StepRef, detail: string) => void) {}

  /** Runs an attempt's call of a host. */
  async during<T>(
    step: StepRef,
    { hostId, verb }: { hostId: string; verb: string },
    call: () => Promise<T>,
  ): Promise<T> {
    const key = `${step.operationId} ${verb}`;
    const trouble = this.known.get(key);
    const detail = trouble ?? `Waiting for host ${hostId} to answer`;
    const timer = setTimeout(() => this.say(step, detail), trouble === undefined ? SAY_AFTER_MS : 0);
    try {
      const result = await call();
      this.known.delete(key);
      return result;
    } catch (error) {
      this.note(key, error);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  private note(key: string, error: unknown): void {
    if (this.known.size > MOST) this.known.clear();
    if (isDurastackError(error, 'BACKEND_BUSY')) this.known.set(key, `Trying again: ${error.message}`);
    else this.known.delete(key);
  }
}
