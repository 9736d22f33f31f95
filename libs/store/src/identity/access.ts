/** Whose things a caller may touch. What may not be touched looks as if it did not exist. */
import { DurastackError } from '@durastack/contracts/errors';
import type { ResourceRef, ResourceType } from '@durastack/contracts/resources';
import type { Tx } from '../database/transaction.js';
import { tableOf } from '../operations/state-rows.js';
import type { Caller } from './caller.js';

/** Rows in these states are kept for accounting alone: to callers the thing is gone. */
const FINAL_STATES: Partial<Record<ResourceType, string>> = {
  'virtual-machine': 'Expunged',
  volume: 'Expunged',
  template: 'Removed',
  network: 'Removed',
};

/** The owner of something. */
export interface Owner {
  readonly accountId: string;
  readonly domainId: string;
  /** See DomainEntity.path. */
  readonly domainPath: string;
}

/** The error of an object that does not exist or may not be seen; clients match this very text. */
export function notFound(parameter: string, id: string): DurastackError {
  return new DurastackError(
    'NOT_FOUND',
    `Invalid parameter ${parameter.toLowerCase()} value=${id} due to incorrect long value format, or entity does not exist`,
    { details: { parameter, id } },
  );
}

/** Whether a caller may touch what this owner has: administrators of a domain all below it, users their account's. */
export function mayAccess(caller: Caller, owner: Owner): boolean {
  if (caller.role === 'admin') return true;
  if (caller.role === 'domain-admin') return owner.domainPath.startsWith(caller.domainPath);
  return owner.accountId === caller.accountId;
}

/**
 * Finds the owner of something with `account_id` and `domain_id`, and checks that the caller may touch it.
 *
 * @param parameter name of the parameter that named it, for the message
 * @throws DurastackError NOT_FOUND when it does not exist or the caller may not touch it
 */
export async function requireAccess(tx: Tx, caller: Caller, resource: ResourceRef, parameter = 'id'): Promise<Owner> {
  const final = FINAL_STATES[resource.type];
  const rows = await tx.query<{ account_id: string; domain_id: string; path: string }>(
    `SELECT r.account_id, r.domain_id, d.path FROM ${tableOf(resource.type)} r JOIN domain d ON d.id = r.domain_id
      WHERE r.id = ? ${final === undefined ? '' : 'AND r.state <> ?'}`,
    final === undefined ? [resource.id] : [resource.id, final],
  );
  const row = rows[0];
  const owner = row && { accountId: row.account_id, domainId: row.domain_id, domainPath: row.path };
  if (!owner || !mayAccess(caller, owner)) throw notFound(parameter, resource.id);
  return owner;
}

/**
 * The account that a call acts for: the caller's own, or the one of `account` (in `domainId`, default the caller's
 * domain).
 *
 * @throws DurastackError NOT_FOUND when there is no such account or the caller may not act for it
 */
export async function ownerOf(
  tx: Tx,
  caller: Caller,
  named: { readonly account?: string | undefined; readonly domainId?: string | undefined },
): Promise<Owner & { readonly accountName: string }> {
  if (named.account === undefined) {
    const { accountId, accountName, domainId, domainPath } = caller;
    return { accountId, accountName, domainId, domainPath };
  }
  const rows = await tx.query<{ id: string; name: string; domain_id: string; path: string }>(
    `SELECT a.id, a.name, a.domain_id, d.path FROM account a JOIN domain d ON d.id = a.domain_id
      WHERE a.domain_id = ? AND a.name = ? AND a.state <> 'removed'`,
    [named.domainId ?? caller.domainId, named.account],
  );
  const row = rows[0];
  const owner = row && { accountId: row.id, accountName: row.name, domainId: row.domain_id, domainPath: row.path };
  if (!owner || !mayAccess(caller, owner)) {
    throw new DurastackError(
      'NOT_FOUND',
      `There is no account ${named.account} in domain ${named.domainId ?? caller.domainId}.`,
    );
  }
  return owner;
}
