import type { Caller } from '../../identity/caller.js';
import type { Scope } from './define-list.js';
import { join, likePattern, raw, sql, type Sql } from './sql.js';

/** The tenancy parameters of a list call. */
export interface ScopeParams {
  readonly listAll?: boolean | undefined;
  readonly isRecursive?: boolean | undefined;
  readonly account?: string | undefined;
  readonly domainId?: string | undefined;
  /** A project, or -1 for all. */
  readonly projectId?: string | undefined;
}

/** The rows that a caller sees as a member of projects. */
function asMember(account: Sql, viewer: Caller): Sql[] {
  const ids = viewer.projectAccountIds ?? [];
  return ids.length === 0 ? [] : [sql`${account} IN (${ids})`];
}

/**
 * What the caller may see at all: everything; what lies below the own domain; what the own account owns; and what
 * projects own which it is a member of.
 */
function limitOf(scope: Scope, viewer: Caller): Sql[] {
  if (viewer.role === 'admin') return [];
  const domain = raw(scope.domain);
  const account = scope.account === undefined ? undefined : raw(scope.account);
  const below = sql`${domain} IN (SELECT id FROM domain WHERE path LIKE ${likePattern(viewer.domainPath, 'prefix')})`;
  if (account === undefined) return [below];
  const own = viewer.role === 'domain-admin' ? below : sql`${account} = ${viewer.accountId}`;
  if (scope.holds === 'accounts') return [own];
  if (scope.holds === 'projects' && viewer.role === 'user') return [orNothing(asMember(account, viewer))];
  return [join([own, ...asMember(account, viewer)], ' OR ')];
}

/** One of them, or nothing when there is none. */
function orNothing(parts: readonly Sql[]): Sql {
  return parts.length === 0 ? raw('FALSE') : join(parts, ' OR ');
}

/** What the call narrows it to. */
function narrowingOf(scope: Scope, viewer: Caller, params: ScopeParams, byId: boolean): Sql[] {
  const domain = raw(scope.domain);
  const account = scope.account === undefined ? undefined : raw(scope.account);
  if (params.projectId !== undefined && account !== undefined && scope.holds === undefined)
    return [ofProject(account, viewer, params.projectId)];
  if (params.account !== undefined && account !== undefined) {
    const domainId = params.domainId ?? viewer.domainId;
    const named = sql`SELECT id FROM account WHERE domain_id = ${domainId} AND name = ${params.account}`;
    return [scope.holds === 'projects' ? administeredBy(account, named) : sql`${account} = (${named})`];
  }
  const without = byId || account === undefined || scope.holds !== undefined ? [] : [withoutProjects(account)];
  if (params.domainId !== undefined) {
    const recursive = params.isRecursive ?? params.listAll ?? false;
    if (!recursive) return [sql`${domain} = ${params.domainId}`, ...without];
    return [
      sql`${domain} IN (SELECT below.id FROM domain above JOIN domain below ON below.path LIKE CONCAT(above.path, '%') WHERE above.id = ${params.domainId})`,
      ...without,
    ];
  }
  if (byId || account === undefined) return [];
  if (params.listAll === true || params.isRecursive === true) return without;
  if (scope.holds === 'projects') return [orNothing(asMember(account, viewer))];
  return [sql`${account} = ${viewer.accountId}`];
}

/** What one project owns, or all projects that the caller may see. */
function ofProject(account: Sql, viewer: Caller, projectId: string): Sql {
  if (projectId !== '-1') return sql`${account} = (SELECT account_id FROM project WHERE id = ${projectId})`;
  if (viewer.role === 'user') return orNothing(asMember(account, viewer));
  return sql`${account} IN (SELECT account_id FROM project)`;
}

function administeredBy(account: Sql, accounts: Sql): Sql {
  return sql`${account} IN (SELECT p.account_id FROM project p JOIN project_member m ON m.project_id = p.id
    WHERE m.role = 'Admin' AND m.account_id IN (${accounts}))`;
}

/** It leaves out little, so it is none to choose an index by. */
function withoutProjects(account: Sql): Sql {
  return { ...sql`(${account} IS NULL OR ${account} NOT IN (SELECT account_id FROM project))`, isBroad: true };
}

/**
 * The condition of a scope for a call. What the caller may not see is cut off whatever the parameters say, so
 * what is not allowed looks like what does not exist.
 *
 * @param byId the call names ids: then it is not narrowed to the own account
 */
export function scopeCondition(scope: Scope, viewer: Caller, params: ScopeParams, byId: boolean): Sql {
  const parts = [...limitOf(scope, viewer), ...narrowingOf(scope, viewer, params, byId)];
  const [only] = parts;
  const own = parts.length === 1 && only ? only : join(parts, ' AND ');
  return scope.shared ? join([own, scope.shared(viewer)], ' OR ') : own;
}
