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

/**
 * Whether a caller may touch what this owner has: administrators of a domain all below it, users their account's and
 * that of the projects which they are members of.
 */
export function mayAccess(caller: Caller, owner: Owner): boolean {
  if (caller.role === 'admin' || caller.projectAccountIds?.includes(owner.accountId)) return true;
  if (caller.role === 'domain-admin') return owner.domainPath.startsWith(caller.domainPath);
  return owner.accountId === caller.accountId;
}

/**
 * Why a caller may not touch something: a member of its project, whose role there does not include the command, is told
 * so; to everybody else it does not exist.
 */
export function refusal(
  caller: Caller,
  accountId: string | undefined,
  named: { parameter: string; id: string },
): DurastackError {
  if (accountId !== undefined && caller.deniedProjectAccountIds?.includes(accountId))
    return new DurastackError('FORBIDDEN', 'The role that you have in this project does not allow this command.');
  return notFound(named.parameter, named.id);
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
  if (!owner || !mayAccess(caller, owner)) throw refusal(caller, owner?.accountId, { parameter, id: resource.id });
  return owner;
}

/**
 * The account that a call acts for: the caller's own, the one of `account` (in `domainId`, default the caller's
 * domain), or that of a project.
 *
 * @throws DurastackError NOT_FOUND when there is no such account or project, or the caller may not act for it;
 *   NOT_ALLOWED_IN_STATE while the project is suspended
 */
export async function ownerOf(
  tx: Tx,
  caller: Caller,
  named: {
    readonly account?: string | undefined;
    readonly domainId?: string | undefined;
    readonly projectId?: string | undefined;
  },
): Promise<Owner & { readonly accountName: string }> {
  if (named.projectId !== undefined) return projectOwner(tx, caller, named.projectId);
  if (named.account === undefined) {
    const { accountId, accountName, domainId, domainPath } = caller;
    return { accountId, accountName, domainId, domainPath };
  }
  const rows = await tx.query<{ id: string; name: string; domain_id: string; path: string; removing: string | null }>(
    `SELECT a.id, a.name, a.domain_id, d.path, a.removal_operation_id AS removing FROM account a JOIN domain d ON d.id = a.domain_id
      WHERE a.domain_id = ? AND a.name = ? AND a.state <> 'removed' AND a.role <> 'project'`,
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
  if (row.removing !== null) throw beingRemoved(`account ${row.name}`, row.removing);
  return owner;
}

async function projectOwner(
  tx: Tx,
  caller: Caller,
  projectId: string,
): Promise<Owner & { readonly accountName: string }> {
  const rows = await tx.query<ProjectInUse & { account_id: string; domain_id: string; path: string }>(
    `SELECT p.account_id, p.name, p.domain_id, p.state, p.removal_operation_id AS removing, d.path FROM project p JOIN domain d ON d.id = p.domain_id
      WHERE p.id = ? AND p.state <> 'Removed'`,
    [projectId],
  );
  const row = rows[0];
  const owner = row && {
    accountId: row.account_id,
    accountName: row.name,
    domainId: row.domain_id,
    domainPath: row.path,
  };
  if (!owner || !mayAccess(caller, owner))
    throw refusal(caller, owner?.accountId, { parameter: 'projectid', id: projectId });
  refuseSuspended(row);
  return owner;
}

function beingRemoved(what: string, operationId: string): DurastackError {
  return new DurastackError('NOT_ALLOWED_IN_STATE', `The ${what} is being removed by operation ${operationId}.`);
}

interface ProjectInUse {
  readonly name: string;
  readonly state: string;
  readonly removing: string | null;
}

function refuseSuspended({ name, state, removing }: ProjectInUse): void {
  if (removing !== null) throw beingRemoved(`project ${name}`, removing);
  if (state === 'Suspended')
    throw new DurastackError('NOT_ALLOWED_IN_STATE', `The project ${name} is suspended; activate it first.`);
}

/**
 * Refuses to start what belongs to a project that is suspended or being removed.
 *
 * @throws DurastackError NOT_ALLOWED_IN_STATE
 */
export async function requireUsable(tx: Tx, { accountId }: Pick<Owner, 'accountId'>): Promise<void> {
  const rows = await tx.query<ProjectInUse>(
    'SELECT name, state, removal_operation_id AS removing FROM project WHERE account_id = ?',
    [accountId],
  );
  if (rows[0]) refuseSuspended(rows[0]);
}
