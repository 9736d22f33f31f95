import type { Tx } from '../../database/transaction.js';
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

/** How a call names things, beside its parameters. */
export interface ScopeHints {
  /** The call names ids: then it is not narrowed to the own account. */
  readonly byId: boolean;
  /** The accounts of all projects, when they are few; see {@link readFewProjects}. */
  readonly projectAccountIds?: readonly string[] | undefined;
}

/** So many accounts are named one by one. */
const FEW = 200;

/**
 * The accounts that own the things of projects, when there are few: conditions that name them are cheaper for each row
 * than a look into the table. Undefined when there are many, or when the call does not ask for things beside those of
 * projects.
 */
export async function readFewProjects(
  tx: Tx,
  scope: Scope | undefined,
  viewer: Caller,
  params: ScopeParams,
): Promise<readonly string[] | undefined> {
  const { account, projectId, listAll, isRecursive, domainId } = params;
  if (scope?.account === undefined || scope.holds !== undefined || viewer.role === 'user') return undefined;
  if (projectId !== undefined || account !== undefined) return undefined;
  if (listAll !== true && isRecursive !== true && domainId === undefined) return undefined;
  const rows = await tx.query<{ id: string }>(`SELECT account_id AS id FROM project LIMIT ${FEW + 1}`);
  return rows.length > FEW ? undefined : rows.map(({ id }) => id);
}

/** The rows that a caller sees as a member of projects. */
function asMember(account: Sql, viewer: Caller): Sql[] {
  const ids = viewer.projectAccountIds ?? [];
  return ids.length === 0 ? [] : [sql`${account} IN (${ids})`];
}

/**
 * What the caller may see at all: everything; what lies below the own domain; what the own account owns; and what
 * projects own which it is a member of.
 *
 * @param beside things of projects are asked for, or may be among those asked for
 */
function limitOf(scope: Scope, viewer: Caller, beside: boolean): Sql[] {
  if (viewer.role === 'admin') return [];
  const domain = raw(scope.domain);
  const account = scope.account === undefined ? undefined : raw(scope.account);
  const below = sql`${domain} IN (SELECT id FROM domain WHERE path LIKE ${likePattern(viewer.domainPath, 'prefix')})`;
  if (account === undefined) return [below];
  const own = viewer.role === 'domain-admin' ? below : sql`${account} = ${viewer.accountId}`;
  if (scope.holds === 'accounts') return [own];
  if (scope.holds === 'projects' && viewer.role === 'user') return [orNothing(asMember(account, viewer))];
  return [join([own, ...(beside ? asMember(account, viewer) : [])], ' OR ')];
}

/** What a caller may see at all, whatever a call narrows it to. */
export const visibleTo = (scope: Scope, viewer: Caller): Sql => join(limitOf(scope, viewer, true), ' AND ');

/** One of them, or nothing when there is none. */
function orNothing(parts: readonly Sql[]): Sql {
  return parts.length === 0 ? raw('FALSE') : join(parts, ' OR ');
}

/** What the call narrows it to. */
interface Narrowing {
  readonly parts: readonly Sql[];
  /** Nothing that belongs to a project is among what is asked for. */
  readonly leavesOutProjects: boolean;
}

function narrowingOf(scope: Scope, viewer: Caller, params: ScopeParams, hints: ScopeHints): Narrowing {
  const domain = raw(scope.domain);
  const account = scope.account === undefined ? undefined : raw(scope.account);
  const only = (...parts: readonly Sql[]): Narrowing => ({ parts, leavesOutProjects: false });
  if (params.projectId !== undefined && account !== undefined && scope.holds === undefined)
    return only(ofProject(account, viewer, params.projectId));
  if (params.account !== undefined && account !== undefined) {
    const domainId = params.domainId ?? viewer.domainId;
    const named = sql`SELECT id FROM account WHERE domain_id = ${domainId} AND name = ${params.account}`;
    return only(scope.holds === 'projects' ? administeredBy(account, named) : sql`${account} = (${named})`);
  }
  const leavesOutProjects = !hints.byId && account !== undefined && scope.holds === undefined;
  // A user who is left what the own account owns needs not be told what projects own.
  const without = leavesOutProjects && viewer.role !== 'user' ? withoutProjects(account, hints) : [];
  if (params.domainId !== undefined) {
    const recursive = params.isRecursive ?? params.listAll ?? false;
    const within = recursive
      ? sql`${domain} IN (SELECT below.id FROM domain above JOIN domain below ON below.path LIKE CONCAT(above.path, '%') WHERE above.id = ${params.domainId})`
      : sql`${domain} = ${params.domainId}`;
    return { parts: [within, ...without], leavesOutProjects };
  }
  if (hints.byId || account === undefined) return only();
  if (params.listAll === true || params.isRecursive === true) return { parts: without, leavesOutProjects };
  if (scope.holds === 'projects') return only(orNothing(asMember(account, viewer)));
  return only(sql`${account} = ${viewer.accountId}`);
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
function withoutProjects(account: Sql, { projectAccountIds: few }: ScopeHints): Sql[] {
  if (few?.length === 0) return [];
  const projects = few === undefined ? raw('SELECT account_id FROM project') : sql`${few}`;
  return [{ ...sql`(${account} IS NULL OR ${account} NOT IN (${projects}))`, isBroad: true }];
}

/**
 * The conditions of a scope for a call, of which one must hold. What the caller may not see is cut off whatever the
 * parameters say, so what is not allowed looks like what does not exist.
 */
export function scopeAlternatives(
  scope: Scope,
  viewer: Caller,
  params: ScopeParams,
  hints: ScopeHints,
): readonly [Sql, ...Sql[]] {
  const { parts: narrowing, leavesOutProjects } = narrowingOf(scope, viewer, params, hints);
  const parts = [...limitOf(scope, viewer, !leavesOutProjects), ...narrowing];
  const [only] = parts;
  const own = parts.length === 1 && only ? only : join(parts, ' AND ');
  return scope.shared ? [own, scope.shared(viewer)] : [own];
}

/** {@link scopeAlternatives} as one condition, to be put into others as it is. */
export function scopeCondition(scope: Scope, viewer: Caller, params: ScopeParams, byId: boolean): Sql {
  const alternatives = scopeAlternatives(scope, viewer, params, { byId });
  return sql`(${alternatives.length === 1 ? alternatives[0] : join(alternatives, ' OR ')})`;
}
