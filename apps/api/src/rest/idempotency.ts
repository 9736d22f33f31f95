/**
 * `Idempotency-Key`: the same key with the same request is carried out once, and answered the same again.
 *
 * The key is written down before the call and its answer after it. An accepted operation is noted under the key by
 * the transaction that accepts it, so a repeat finds it whatever died meanwhile. Of a synchronous call, a process that
 * dies between leaves a key without an answer; it blocks repeats for a minute and is then taken as not carried out.
 */
import { createHash } from 'node:crypto';
import type { Command } from '@durastack/contracts/command';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import { wireOf } from '@durastack/contracts/fields';
import type { Tx } from '@durastack/store/database/transaction';
import type { z } from 'zod';

const UNDER_WAY_SECONDS = 60;
const KEEP_HOURS = 24;

/** An answer that can be given again. */
export interface RestAnswer {
  readonly status: number;
  readonly location?: string;
  readonly body?: unknown;
}

/** A call under a key. */
export interface KeyedCall {
  readonly userId: string;
  readonly key: string;
  readonly command: Command;
  readonly params: unknown;
  /** The answer of an operation that was accepted for the key. */
  readonly answerOf: (operationId: string) => Promise<RestAnswer>;
}

interface Row {
  readonly request_sha256: string;
  readonly status: number | null;
  readonly location: string | null;
  readonly body: string | null;
  readonly operation_id: string | null;
}

/** SHA-256 of a text, hexadecimal. */
export const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/**
 * Carries a call out unless its key was used before.
 *
 * @throws DurastackError INVALID_INPUT when the key belongs to another request; BUSY while that call is under way
 */
export async function once(
  tx: Tx,
  call: KeyedCall,
  work: () => Promise<RestAnswer>,
): Promise<RestAnswer & { replayed?: true }> {
  if (!/^[\x21-\x7e]{1,255}$/.test(call.key))
    throw new DurastackError(
      'INVALID_INPUT',
      'The Idempotency-Key must be 1 to 255 printable characters without spaces.',
    );
  const key = [call.userId, sha256(call.key)] as const;
  const request = sha256(JSON.stringify([call.command.name, call.params]));
  const earlier = await claim(tx, call, { key, request });
  if (earlier) return { ...earlier, replayed: true };
  try {
    const answer = await work();
    const body = answer.body === undefined || carriesSecret(call.command) ? null : JSON.stringify(answer.body);
    await tx.execute(
      'UPDATE idempotency_key SET status = ?, location = ?, body = ? WHERE user_id = ? AND key_sha256 = ?',
      [answer.status, answer.location ?? null, body, ...key],
    );
    return answer;
  } catch (error) {
    // When nothing was done, the client may mend its request and use the key again. But a call can fail after its
    // operation was accepted (the database went away before the answer was read), and a repeat must find that one.
    await tx.execute('DELETE FROM idempotency_key WHERE user_id = ? AND key_sha256 = ? AND operation_id IS NULL', key);
    throw error;
  }
}

/** Takes the key; gives the answer of the call that has used it. */
async function claim(
  tx: Tx,
  call: KeyedCall,
  { key, request }: { key: readonly [string, string]; request: string },
): Promise<RestAnswer | undefined> {
  await tx.execute('DELETE FROM idempotency_key WHERE created_at < NOW(3) - INTERVAL ? HOUR LIMIT 100', [KEEP_HOURS]);
  try {
    await tx.execute(
      'INSERT INTO idempotency_key (user_id, key_sha256, request_sha256, created_at) VALUES (?, ?, ?, NOW(3))',
      [...key, request],
    );
    return undefined;
  } catch (error) {
    if (!isDurastackError(error, 'CONFLICT')) throw error;
  }
  const rows = await tx.query<Row>(
    `SELECT request_sha256, status, location, body, operation_id
       FROM idempotency_key WHERE user_id = ? AND key_sha256 = ?`,
    key,
  );
  const row = rows[0];
  if (row && row.request_sha256 !== request)
    throw new DurastackError('INVALID_INPUT', 'This Idempotency-Key was used with another request; take a new one.');
  if (row?.status) return recorded(row, row.status);
  if (row?.operation_id) return call.answerOf(row.operation_id);
  const taken = await tx.execute(
    'UPDATE idempotency_key SET created_at = NOW(3) WHERE user_id = ? AND key_sha256 = ? AND status IS NULL AND created_at < NOW(3) - INTERVAL ? SECOND',
    [...key, UNDER_WAY_SECONDS],
  );
  if (taken.affectedRows === 1) return undefined;
  throw new DurastackError('BUSY', 'A call with this Idempotency-Key is under way; repeat it in a moment.', {
    details: { retryAfterMs: 1_000 },
  });
}

function recorded(row: Row, status: number): RestAnswer {
  return {
    status,
    ...(row.location === null ? {} : { location: row.location }),
    ...(row.body === null ? {} : { body: JSON.parse(row.body) as unknown }),
  };
}

/** Whether a reply shows something once that is kept nowhere. */
function carriesSecret(command: Command): boolean {
  return Object.values((command.result?.shape ?? {}) as Record<string, z.ZodType>).some(
    (schema) => wireOf(schema)?.secret === true,
  );
}
