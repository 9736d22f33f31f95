import type { Command } from '@durastack/contracts/command';
import type { DurastackError } from '@durastack/contracts/errors';
import { newId } from '@durastack/kit/ids/new-id';
import { autocommit } from '@durastack/store/database/transaction';
import type { Platform } from '../platform.js';
import type { AnyCall } from './call.js';

/** A command that has been carried out or refused. */
export interface CommandRecord {
  readonly command: Command;
  readonly call: Pick<AnyCall, 'caller'>;
  readonly params: Readonly<Record<string, unknown>>;
  /** What it gave; the id and name of an object are recorded. */
  readonly outcome?: { readonly kind: string; readonly value?: Readonly<Record<string, unknown>> };
  readonly error?: DurastackError;
}

const asId = (value: unknown) => (typeof value === 'string' && /^[0-9a-f-]{36}$/i.test(value) ? value : null);

/**
 * Writes the audit event of a command: who, what, outcome, from where. An operation's own events are written with
 * it; here only what did not become one. Parameters are not recorded: they may be secret.
 */
export async function writeCommandEvent(platform: Platform, record: CommandRecord): Promise<void> {
  const { command, call, params, outcome, error } = record;
  const caller = call.caller;
  if (command.event === undefined || !caller) return;
  const made = outcome?.kind === 'object' ? outcome.value : undefined;
  const name = made?.['name'] ?? params['name'];
  const what = `${command.name}${typeof name === 'string' ? ` ${name}` : ''}`;
  const description = error ? `${what} failed: ${error.message}` : `${what} completed`;
  await autocommit(platform.database).execute(
    `INSERT INTO event (id, account_id, domain_id, user_id, type, level, state, description, resource_id, source_address, created_at)
     VALUES (?, ?, ?, ?, ?, ?, 'Completed', ?, ?, ?, UTC_TIMESTAMP(3))`,
    [
      newId(),
      caller.accountId,
      caller.domainId,
      caller.userId,
      command.event,
      error ? 'ERROR' : 'INFO',
      description,
      asId(made?.['id']) ?? asId(params['id'] ?? params['virtualMachineId']),
      caller.sourceAddress.slice(0, 64),
    ],
  );
}

/** As {@link writeCommandEvent}, of a refusal: the caller learns why, also when the event cannot be written. */
export async function recordRefusal(platform: Platform, refused: CommandRecord): Promise<void> {
  await writeCommandEvent(platform, refused).catch((fault: unknown) =>
    platform.log.warn({ error: fault }, 'the audit event of a failed command could not be written'),
  );
}
