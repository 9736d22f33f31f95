import type { Command } from '@durastack/contracts/command';
import { newId } from '@durastack/kit/ids/new-id';
import type { DataSource } from 'typeorm';
import { autocommit } from '../database/transaction.js';
import type { Caller } from '../identity/caller.js';

/**
 * Records a command that was carried out at once as an operation that has ended, for clients that poll a job.
 *
 * @param result what it answers, in the fields of the command's result; absent: nothing but success
 * @returns its id
 */
export async function recordFinishedOperation(
  source: DataSource,
  command: Command,
  caller: Caller,
  result?: Readonly<Record<string, unknown>>,
): Promise<string> {
  const id = newId();
  const summary = `${command.name} for ${caller.accountName}/${caller.username}`.slice(0, 255);
  await autocommit(source).execute(
    `INSERT INTO operation (id, kind, state, run, direction, resource_type, resource_id, summary, account_id, domain_id, user_id,
       lifecycle_json, input_json, result_json, created_at, started_at, ended_at, touched_at)
     VALUES (?, ?, 'succeeded', 0, 'forward', 'account', ?, ?, ?, ?, ?, '{}', '{}', ?, NOW(3), NOW(3), NOW(3), NOW(3))`,
    [
      id,
      command.name,
      caller.accountId,
      summary,
      caller.accountId,
      caller.domainId,
      caller.userId,
      result ? JSON.stringify(result) : null,
    ],
  );
  return id;
}
