/** Local undo: what makes a verb all-or-nothing on its host. */
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';

/**
 * Runs `work`; when it fails, runs what it registered in reverse order, then passes its error on.
 *
 * Register an effect's undo right before the effect; each undo bears "nothing was done".
 *
 * @throws DurastackError the work's error; `UNDO_FAILED` with it as cause when an undo failed too and repeating
 * is of no use
 */
export async function withRevert<T>(
  work: (onFailure: (undo: () => Promise<unknown>) => void) => Promise<T>,
): Promise<T> {
  const undos: (() => Promise<unknown>)[] = [];
  try {
    return await work((undo) => undos.push(undo));
  } catch (cause) {
    const failures: string[] = [];
    for (const undo of undos.reverse()) {
      await undo().catch((error: unknown) => failures.push(error instanceof Error ? error.message : String(error)));
    }
    if (failures.length === 0) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    const text = `${why}. What was begun could not be undone: ${failures.join('; ')}`;
    // A repeated verb finishes what a busy backend left half-made.
    const code = isDurastackError(cause) && cause.retryable ? cause.code : 'UNDO_FAILED';
    throw new DurastackError(code, text, { cause });
  }
}
