import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from '@durastack/contracts/command';
import { DurastackError, isErrorCode } from '@durastack/contracts/errors';
import { autocommit } from '@durastack/store/database/transaction';
import type { StartedOperation } from '../catalogue/handles.js';
import type { Platform } from '../platform.js';

const FIRST_POLL_MS = 50;
const LONGEST_POLL_MS = 500;
const OPEN = new Set(['queued', 'granted', 'running']);

interface Row {
  readonly state: string;
  readonly error_code: string | null;
  readonly error_message: string | null;
}

/**
 * Waits for an operation to end, for CloudStack's synchronous commands.
 *
 * @throws DurastackError the operation's own error; TIMEOUT naming it when it goes on after the declared time
 */
export async function awaitOperation(platform: Platform, command: Command, started: StartedOperation): Promise<void> {
  const { operationId } = started;
  const waitMs = command.operation?.cloudStackWaitMs ?? 0;
  // Declared so: the object is answered as it is at acceptance.
  if (waitMs === 0) return;
  const until = Date.now() + waitMs;
  for (let pause = FIRST_POLL_MS; ; pause = Math.min(pause * 1.5, LONGEST_POLL_MS)) {
    const rows = await autocommit(platform.database).query<Row>(
      'SELECT state, error_code, error_message FROM operation WHERE id = ?',
      [operationId],
    );
    const row = rows[0];
    if (row?.state === 'succeeded' || row?.state === 'skipped') return;
    if (!row || !OPEN.has(row.state)) {
      throw new DurastackError(
        isErrorCode(row?.error_code) ? row.error_code : 'BUG',
        row?.error_message ?? `The operation ${operationId} ended as ${row?.state ?? 'lost'}.`,
        { details: { operationId } },
      );
    }
    if (Date.now() + pause > until) {
      throw new DurastackError(
        'TIMEOUT',
        `${command.name} goes on as operation ${operationId}; ask queryAsyncJobResult with this jobid, or repeat the call to join it.`,
        { details: { operationId } },
      );
    }
    await sleep(pause);
  }
}
