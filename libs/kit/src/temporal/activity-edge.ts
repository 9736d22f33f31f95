/**
 * The edge between activities and Temporal: the one place that turns our errors into Temporal's failures, and
 * the one that refuses oversized payloads.
 */
import { asDurastackError, DurastackError } from '@durastack/contracts/errors';
import { ApplicationFailure } from '@temporalio/common';

/** Payloads stay below this; what is larger belongs into the database. */
export const MAX_PAYLOAD_BYTES = 32 * 1024;

/**
 * What a failed activity tells its workflow: `type` is the code, and codes that cannot succeed by repeating are
 * not retried. The cause stays in our logs: it may hold what histories must not.
 */
export function toApplicationFailure(error: unknown): ApplicationFailure {
  const { code, message, retryable } = asDurastackError(error);
  return ApplicationFailure.create({ type: code, message: message.slice(0, 4000), nonRetryable: !retryable });
}

/**
 * Wraps an activity with this edge.
 *
 * @param run the activity
 * @param onError told of every failure, with its cause, before it is turned
 */
export function withActivityEdge<A extends unknown[], R>(
  run: (...args: A) => Promise<R>,
  onError: (error: unknown) => void,
): (...args: A) => Promise<R> {
  return async (...args) => {
    try {
      const result = await run(...args);
      const sizeBytes = Buffer.byteLength(JSON.stringify(result ?? null));
      if (sizeBytes > MAX_PAYLOAD_BYTES) {
        throw new DurastackError(
          'BUG',
          `An activity returned ${sizeBytes} bytes; at most ${MAX_PAYLOAD_BYTES} may pass through a history. Store it and return its id.`,
        );
      }
      return result;
    } catch (error) {
      onError(error);
      throw toApplicationFailure(error);
    }
  };
}
