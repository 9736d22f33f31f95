/** Rows of roles and of their rules. */
import type { ResultOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import type { listRoles } from '@durastack/contracts/identity/list-roles';
import type { RoleRule } from '@durastack/contracts/identity/role-rules';
import type { RoleType } from '@durastack/contracts/identity/roles';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow, type Obstacle } from '@durastack/store/database/rows';
import type { Tx } from '@durastack/store/database/transaction';
import { notFound } from '@durastack/store/identity/access';

/** A role's row. */
export interface RoleRow {
  readonly id: string;
  readonly name: string;
  readonly type: RoleType;
  readonly description: string | null;
  readonly is_default: number;
  readonly is_public: number;
  readonly state: string;
}

/** What stands in the way of a role's removal. */
export const ROLE_USERS: readonly Obstacle[] = [
  { table: 'account', where: "role_id = ? AND state <> 'removed'", what: 'accounts' },
];

/** A role in a reply. */
export function roleOfRow(row: RoleRow): ResultOf<typeof listRoles> {
  return {
    id: row.id,
    name: row.name,
    type: row.type,
    ...(row.description === null ? {} : { description: row.description }),
    isDefault: row.is_default === 1,
    isPublic: row.is_public === 1,
    state: row.state,
  };
}

/** A role by its id. @throws DurastackError NOT_FOUND */
export async function requireRole(tx: Tx, id: string, parameter: string): Promise<RoleRow> {
  const rows = await tx.query<RoleRow>('SELECT * FROM role WHERE id = ?', [id]);
  if (!rows[0]) throw notFound(parameter, id);
  return rows[0];
}

/**
 * A role that somebody made, held until the transaction ends.
 *
 * @throws DurastackError NOT_FOUND; NOT_ALLOWED_IN_STATE for one that came with the product
 */
export async function requireOwnRole(tx: Tx, id: string, parameter = 'id'): Promise<RoleRow> {
  const rows = await tx.query<RoleRow>('SELECT * FROM role WHERE id = ? FOR UPDATE', [id]);
  const row = rows[0];
  if (!row) throw notFound(parameter, id);
  if (row.is_default === 1)
    throw new DurastackError(
      'NOT_ALLOWED_IN_STATE',
      `The role ${row.name} came with the product and stays as it is; create one from it (createRole roleid=${id}).`,
    );
  return row;
}

/** Makes every API process read the role's rules anew. */
export async function renewRole(tx: Tx, id: string): Promise<void> {
  await tx.execute('UPDATE role SET version = version + 1 WHERE id = ?', [id]);
}

/** A rule with what it is for. */
export type NewRule = RoleRule & { readonly description?: string | null | undefined };

/** Puts rules behind those of a role; the role's row must be held. Gives their ids. */
export async function appendRules(tx: Tx, roleId: string, rules: readonly NewRule[]): Promise<string[]> {
  const [last] = await tx.query<{ n: number | null }>(
    'SELECT MAX(sort_order) AS n FROM role_permission WHERE role_id = ?',
    [roleId],
  );
  const first = Number(last?.n ?? -1) + 1;
  const ids: string[] = [];
  for (const [index, { rule, permission, description }] of rules.entries()) {
    const id = newId();
    ids.push(id);
    const sort_order = first + index;
    await insertRow(tx, 'role_permission', { id, role_id: roleId, rule, permission, description, sort_order });
  }
  return ids;
}

/** A change of one rule, or of the order of all. */
export interface RuleChange {
  readonly ruleId?: string | undefined;
  readonly permission?: string | undefined;
  readonly ruleOrder?: readonly string[] | undefined;
  /** Name of the parameter that names the rule. */
  readonly parameter: string;
}

/**
 * Changes what a rule of a role does, or the order of its rules. The role's row must be held.
 *
 * @throws DurastackError NOT_FOUND for the rule; INVALID_INPUT
 */
export async function changeRules(tx: Tx, roleId: string, change: RuleChange): Promise<void> {
  const { ruleId, permission, ruleOrder, parameter } = change;
  if ((ruleOrder === undefined) === (ruleId === undefined) || (ruleId === undefined) !== (permission === undefined))
    throw new DurastackError('INVALID_INPUT', `Give either ruleorder, or ${parameter} with its new permission.`);
  const rules = await tx.query<{ id: string }>('SELECT id FROM role_permission WHERE role_id = ?', [roleId]);
  const ids = new Set(rules.map(({ id }) => id));
  if (ruleId !== undefined) {
    if (!ids.has(ruleId)) throw notFound(parameter, ruleId);
    await tx.execute('UPDATE role_permission SET permission = ? WHERE id = ?', [permission, ruleId]);
  }
  if (ruleOrder !== undefined) await reorder(tx, ruleOrder, ids);
}

async function reorder(tx: Tx, order: readonly string[], ids: ReadonlySet<string>): Promise<void> {
  const wanted = new Set(order);
  if (wanted.size !== order.length || wanted.size !== ids.size || order.some((id) => !ids.has(id)))
    throw new DurastackError(
      'INVALID_INPUT',
      `ruleorder must name each of the ${ids.size} rules of the role once; list them again (listRolePermissions).`,
    );
  for (const [index, id] of order.entries())
    await tx.execute('UPDATE role_permission SET sort_order = ? WHERE id = ?', [index, id]);
}
