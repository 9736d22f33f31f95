import type { Command } from '@durastack/contracts/command';
import type { ResourceRef } from '@durastack/contracts/resources';
import { autocommit } from '@durastack/store/database/transaction';
import { notFound, requireAccess } from '@durastack/store/identity/access';
import { accept } from '@durastack/store/operations/accept';
import { tableOf } from '@durastack/store/operations/state-rows';
import type { StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import type { Platform } from '../platform.js';

/** An operation that names one existing resource and nothing else. */
export interface OperationOn {
  readonly command: Command;
  readonly resource: ResourceRef;
  /** Whether it belongs to an account, which the caller must be allowed to act for; else the role alone decides. */
  readonly owned: boolean;
  /** What steps need besides the rows. */
  readonly input?: Readonly<Record<string, unknown>>;
  /** Calls with the same key join the open operation instead of starting another. */
  readonly naturalKey?: string;
}

/**
 * Accepts an operation on a resource that exists, and locks it if the command declares that.
 *
 * @throws DurastackError NOT_FOUND when there is none, it was removed, or it is another's
 */
export async function acceptOn(platform: Platform, call: Call, operation: OperationOn): Promise<StartedOperation> {
  const { command, resource, owned, input = {}, naturalKey } = operation;
  const tx = autocommit(platform.database);
  const owner = owned ? await requireAccess(tx, call.caller, resource) : call.caller;
  const [row] = await tx.query<{ name: string; zone_id: string }>(
    `SELECT name, zone_id FROM ${tableOf(resource.type)} WHERE id = ? AND state <> 'Removed'`,
    [resource.id],
  );
  if (!row) throw notFound('id', resource.id);
  return accept(platform.database, {
    command,
    caller: call.caller,
    owner,
    resource,
    resourceName: row.name,
    zoneId: row.zone_id,
    locks: command.operation?.locks[resource.type] === undefined ? [] : [resource],
    input,
    ...(naturalKey === undefined ? {} : { naturalKey }),
  });
}
