import type { Caller } from '../../identity/caller.js';
import type { Scope } from './define-list.js';
import { join, likePattern, raw, sql, type Sql } from './sql.js';

/** The tenancy parameters of a list call. */
export interface ScopeParams {
  readonly listAll?: boolean | undefined;
  readonly isRecursive?: boolean | undefined;
  readonly account?: string | undefined;
  readonly domainId?: string | undefined;
}

/** What the caller may see at all: everything, what lies below the own domain, or what the own account owns. */
function limitOf(scope: Scope, viewer: Caller): Sql[] {
  if (viewer.role === 'admin') return [];
  const domain = raw(scope.domain);
  if (viewer.role === 'domain-admin' || scope.account === undefined)
    return [sql`${domain} IN (SELECT id FROM domain WHERE path LIKE ${likePattern(viewer.domainPath, 'prefix')})`];
  return [sql`${raw(scope.account)} = ${viewer.accountId}`];
}

/** What the call narrows it to. */
function narrowingOf(scope: Scope, viewer: Caller, params: ScopeParams, byId: boolean): Sql[] {
  const domain = raw(scope.domain);
  const account = scope.account === undefined ? undefined : raw(scope.account);
  if (params.account !== undefined && account !== undefined) {
    const domainId = params.domainId ?? viewer.domainId;
    return [sql`${account} = (SELECT id FROM account WHERE domain_id = ${domainId} AND name = ${params.account})`];
  }
  if (params.domainId !== undefined) {
    const recursive = params.isRecursive ?? params.listAll ?? false;
    if (!recursive) return [sql`${domain} = ${params.domainId}`];
    return [
      sql`${domain} IN (SELECT below.id FROM domain above JOIN domain below ON below.path LIKE CONCAT(above.path, '%') WHERE above.id = ${params.domainId})`,
    ];
  }
  if (byId || params.listAll === true || params.isRecursive === true || account === undefined) return [];
  return [sql`${account} = ${viewer.accountId}`];
}

/**
 * The condition of a scope for a call. What the caller may not see is cut off whatever the parameters say, so
 * what is not allowed looks like what does not exist.
 *
 * @param byId the call names ids: then it is not narrowed to the own account
 */
export function scopeCondition(scope: Scope, viewer: Caller, params: ScopeParams, byId: boolean): Sql {
  const own = join([...limitOf(scope, viewer), ...narrowingOf(scope, viewer, params, byId)], ' AND ');
  return scope.shared ? join([own, scope.shared(viewer)], ' OR ') : own;
}
