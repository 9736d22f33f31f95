/** Whose limits and counts a call means. */
import { DurastackError } from '@durastack/contracts/errors';
import type { LimitedOwner } from '@durastack/contracts/identity/default-limits';
import {
  COUNTED_KINDS,
  countedKind,
  RESOURCE_KINDS,
  type CountedKind,
} from '@durastack/contracts/identity/resource-kinds';
import type { Tx } from '@durastack/store/database/transaction';
import { notFound, ownerOf } from '@durastack/store/identity/access';
import type { Caller } from '@durastack/store/identity/caller';
import type { Counted } from '@durastack/store/identity/limits';
import { requireProject } from './project-rows.js';

/** How a call names it. */
export interface NamedOwner {
  readonly account?: string | undefined;
  readonly domainId?: string | undefined;
  readonly projectId?: string | undefined;
}

/** An account, a project or a domain with limits. */
export interface LimitTarget {
  readonly type: 'account' | 'domain';
  /** Of the account, of the one that owns the project's things, or of the domain. */
  readonly id: string;
  readonly path: string;
  /** Whose default limits it has; none has what is not held to limits that nobody set. */
  readonly defaults: LimitedOwner | undefined;
  readonly fields: {
    readonly account?: string;
    readonly projectId?: string;
    readonly project?: string;
    readonly domainId: string;
    readonly domain: string;
    readonly domainPath: string;
  };
}

/**
 * What a call names; the own account when nothing is named.
 *
 * @throws DurastackError NOT_FOUND when it does not exist or the caller may not see it
 */
export async function limitTarget(tx: Tx, caller: Caller, named: NamedOwner): Promise<LimitTarget> {
  if (named.projectId !== undefined) {
    const project = await requireProject(tx, caller, { id: named.projectId, parameter: 'projectid' });
    const fields = { projectId: project.id, project: project.name };
    return {
      type: 'account',
      defaults: 'project',
      id: project.account_id,
      ...(await domainFields(tx, project.domain_id, fields)),
    };
  }
  if (named.account === undefined && named.domainId !== undefined) {
    const found = await domainFields(tx, named.domainId, {});
    if (caller.role === 'user' || !found.path.startsWith(caller.domainPath)) throw notFound('domainid', named.domainId);
    const defaults = found.path === '/' ? undefined : 'domain';
    return { type: 'domain', defaults, id: named.domainId, ...found };
  }
  const owner = await ownerOf(tx, caller, named);
  const fields = { account: owner.accountName };
  const [{ role } = { role: '' }] = await tx.query<{ role: string }>('SELECT role FROM account WHERE id = ?', [
    owner.accountId,
  ]);
  const defaults = role === 'admin' ? undefined : 'account';
  return { type: 'account', defaults, id: owner.accountId, ...(await domainFields(tx, owner.domainId, fields)) };
}

async function domainFields<F extends object>(
  tx: Tx,
  domainId: string,
  fields: F,
): Promise<{ path: string; fields: F & { domainId: string; domain: string; domainPath: string } }> {
  const [row] = await tx.query<{ path: string; name: string; display_path: string }>(
    'SELECT path, name, display_path FROM domain WHERE id = ? AND NOT removed',
    [domainId],
  );
  if (!row) throw notFound('domainid', domainId);
  return { path: row.path, fields: { ...fields, domainId, domain: row.name, domainPath: row.display_path } };
}

/** What is counted of it. */
export const countedBy = ({ type, id, path }: LimitTarget): Counted =>
  type === 'account' ? { type, id } : { type, path };

/**
 * Refuses to set limits on oneself: those of the own account, of a project of one's own, and of the own domain are set
 * from above.
 *
 * @throws DurastackError FORBIDDEN
 */
export function requireAbove(caller: Caller, target: LimitTarget): void {
  if (caller.role === 'admin') return;
  const isOwn = target.type === 'account' ? target.id === caller.accountId : target.path === caller.domainPath;
  if (isOwn || !target.path.startsWith(caller.domainPath))
    throw new DurastackError('FORBIDDEN', 'The limits of the own account and of the own domain are set from above.');
}

/** Numbers of the kinds that a call means: one, or all. */
export function kindNumbers(resourceType: number | undefined): number[] {
  return resourceType === undefined ? RESOURCE_KINDS.map((_, number) => number) : [resourceType];
}

/** The kinds that a call means and of which there can be some. */
export function countedKinds(resourceType: number | undefined): CountedKind[] {
  if (resourceType === undefined) return [...COUNTED_KINDS];
  const kind = countedKind(resourceType);
  return kind ? [kind] : [];
}
