/** Accounts, projects and domains that go: what is in their way, what is still in them, and their end. */
import { DurastackError, invariant } from '@durastack/contracts/errors';
import type { ResourceRef, ResourceType } from '@durastack/contracts/resources';
import { refuseWhileUsed, type Obstacle } from '../database/rows.js';
import type { Tx } from '../database/transaction.js';
import { isOpenSql } from '../operations/open-operations.js';
import { tableOf } from '../operations/state-rows.js';
import { forgetDescriptions } from './described.js';
import { endSessionsOf } from './end-sessions.js';

/** An account, a project or a domain. */
export type OwnerRef = ResourceRef & { readonly type: 'account' | 'project' | 'domain' };

/** Something that is still in one. */
export interface LeftoverRow extends ResourceRef {
  readonly name: string;
  readonly rank: number;
}

/** What is removed with its owner, in this order. */
const OWNED: readonly { readonly type: ResourceType; readonly what: string; readonly gone: string }[] = [
  { type: 'virtual-machine', what: 'virtual machines', gone: 'Expunged' },
  { type: 'volume', what: 'volumes', gone: 'Expunged' },
  { type: 'network', what: 'networks', gone: 'Removed' },
  { type: 'template', what: 'templates', gone: 'Removed' },
];

/** What is in a domain, in the order in which it is removed. */
const INSIDE: readonly { readonly type: OwnerRef['type']; readonly what: string; readonly where: string }[] = [
  { type: 'project', what: 'projects', where: "domain_id = ? AND state <> 'Removed'" },
  { type: 'account', what: 'accounts', where: "domain_id = ? AND state <> 'removed' AND role <> 'project'" },
  { type: 'domain', what: 'domains', where: 'parent_id = ? AND NOT removed' },
];

/** What an account, or that of a project, must not own any more when it goes. */
const OWNED_OBSTACLES: readonly Obstacle[] = [
  ...OWNED.map(({ type, what, gone }) => ({
    table: type.replaceAll('-', '_'),
    where: `account_id = ? AND state <> '${gone}'`,
    what,
  })),
  { table: 'public_ip', where: 'account_id = ?', what: 'public addresses' },
];

/** What a domain must not hold any more when it goes. */
const DOMAIN_OBSTACLES: readonly Obstacle[] = [
  ...INSIDE.map(({ type, what, where }) => ({ table: type, where, what })),
  { table: 'network', where: "domain_id = ? AND state <> 'Removed'", what: 'networks' },
];

const SOLE_ADMINISTRATOR: Obstacle = {
  table: 'project_member',
  where: `account_id = ? AND role = 'Admin' AND NOT EXISTS (SELECT 1 FROM project_member other
    WHERE other.project_id = project_member.project_id AND other.role = 'Admin' AND other.account_id <> project_member.account_id)`,
  what: 'projects without another administrator',
};

/** The account that owns the things: the own one, or that of the project. */
async function accountOf(tx: Tx, owner: OwnerRef): Promise<string> {
  if (owner.type === 'account') return owner.id;
  const [row] = await tx.query<{ account_id: string }>('SELECT account_id FROM project WHERE id = ?', [owner.id]);
  invariant(row, `The project ${owner.id} has no row.`);
  return row.account_id;
}

/**
 * Refuses to remove what is not empty.
 *
 * @throws DurastackError CONFLICT saying what is in it
 */
export async function refuseWhileOwning(tx: Tx, owner: OwnerRef): Promise<void> {
  if (owner.type === 'domain') return refuseWhileUsed(tx, owner, DOMAIN_OBSTACLES);
  await refuseWhileUsed(tx, owner, OWNED_OBSTACLES, await accountOf(tx, owner));
}

/**
 * Refuses to remove an account without which projects would have no administrator.
 *
 * @throws DurastackError CONFLICT
 */
export function refuseSoleAdministrator(tx: Tx, account: OwnerRef): Promise<void> {
  return refuseWhileUsed(tx, account, [SOLE_ADMINISTRATOR]);
}

/** Enough to go on with; the rest is read when these are gone. */
const AT_ONCE = 200;

/** What is in it now, in the order in which it goes. */
export async function readLeftovers(tx: Tx, owner: OwnerRef): Promise<LeftoverRow[]> {
  const parts =
    owner.type === 'domain'
      ? INSIDE
      : OWNED.map(({ type, gone }) => ({ type, where: `account_id = ? AND state <> '${gone}'` }));
  const id = owner.type === 'domain' ? owner.id : await accountOf(tx, owner);
  const found: LeftoverRow[] = [];
  for (const [rank, { type, where }] of parts.entries()) {
    const rows = await tx.query<{ id: string; name: string }>(
      `SELECT id, name FROM ${tableOf(type)} WHERE ${where} ORDER BY id LIMIT ${AT_ONCE}`,
      [id],
    );
    found.push(...rows.map((row) => ({ ...row, type, rank })));
  }
  return found;
}

/** Takes back the public addresses of an owner; repeating it changes nothing. */
export async function freePublicIpsOfOwner(tx: Tx, owner: OwnerRef): Promise<void> {
  if (owner.type === 'domain') return;
  await tx.execute(
    `UPDATE public_ip SET state = 'Free', account_id = NULL, domain_id = NULL, network_id = NULL, allocated_at = NULL
      WHERE account_id = ?`,
    [await accountOf(tx, owner)],
  );
}

/**
 * Notes that an operation removes it, and ends the sessions of its users.
 *
 * @throws DurastackError CONFLICT while another operation does
 */
export async function closeOwner(tx: Tx, owner: OwnerRef, operationId: string): Promise<void> {
  // One that was given up does not keep the next one out.
  await tx.execute(
    `UPDATE ${tableOf(owner.type)} r SET r.removal_operation_id = ? WHERE r.id = ? AND (r.removal_operation_id IS NULL
       OR NOT EXISTS (SELECT 1 FROM operation o WHERE o.id = r.removal_operation_id AND ${isOpenSql('o')}))`,
    [operationId, owner.id],
  );
  const [row] = await tx.query<{ name: string; remover: string | null }>(
    `SELECT name, removal_operation_id AS remover FROM ${tableOf(owner.type)} WHERE id = ?`,
    [owner.id],
  );
  if (row?.remover !== operationId) {
    const text = `The ${owner.type} ${row?.name} is being removed by operation ${row?.remover}.`;
    throw new DurastackError('CONFLICT', text);
  }
  if (owner.type === 'account') await endSessionsOf(tx, owner.id);
}

/** It is in use again, unless another operation removes it. */
export async function reopenOwner(tx: Tx, owner: OwnerRef, operationId: string): Promise<void> {
  await tx.execute(
    `UPDATE ${tableOf(owner.type)} SET removal_operation_id = NULL WHERE id = ? AND removal_operation_id = ?`,
    [owner.id, operationId],
  );
}

/** Records that go with the account that they belong to. */
const RECORDS = [
  'affinity_group',
  'instance_group',
  'ssh_key_pair',
  'user_data',
  'dedication',
  'project_member',
  'project_invitation',
  'template_permission',
] as const;

/**
 * The end of it: its records are gone, its name is free again, its row stays for events. Repeating it changes nothing.
 *
 * @throws DurastackError CONFLICT while there is something in it
 */
export async function removeOwner(tx: Tx, owner: OwnerRef): Promise<void> {
  const { type, id } = owner;
  const gone = type === 'domain' ? 'removed' : `state = '${type === 'account' ? 'removed' : 'Removed'}'`;
  const rows = await tx.query(`SELECT 1 FROM ${tableOf(type)} WHERE id = ? AND NOT (${gone}) FOR UPDATE`, [id]);
  if (rows.length === 0) return;
  await refuseWhileOwning(tx, owner);
  if (type === 'domain') return removeDomain(tx, id);
  if (type === 'account') await refuseSoleAdministrator(tx, owner);
  await removeAccount(tx, await accountOf(tx, owner));
  if (type === 'project') await removeProject(tx, id);
}

/** Puts its id behind a name, so that another can have it. */
const FREE_NAME = "name = CONCAT(LEFT(name, 200), ' (', id, ')')";

async function removeDomain(tx: Tx, id: string): Promise<void> {
  await tx.execute('DELETE FROM dedication WHERE domain_id = ?', [id]);
  await forget(tx, { type: 'domain', id });
  await tx.execute(`UPDATE domain SET removed = 1, removal_operation_id = NULL, ${FREE_NAME} WHERE id = ?`, [id]);
}

async function removeAccount(tx: Tx, id: string): Promise<void> {
  for (const table of RECORDS) await tx.execute(`DELETE FROM ${table} WHERE account_id = ?`, [id]);
  // A range that was the account's own is for everybody again.
  await tx.execute('UPDATE vlan_ip_range SET account_id = NULL, domain_id = NULL WHERE account_id = ?', [id]);
  await endSessionsOf(tx, id);
  const users = "UPDATE user SET state = 'removed', api_key = NULL, secret_key_sealed = NULL WHERE account_id = ?";
  await tx.execute(users, [id]);
  await forget(tx, { type: 'account', id });
  const account = `UPDATE account SET state = 'removed', removal_operation_id = NULL, ${FREE_NAME} WHERE id = ?`;
  await tx.execute(account, [id]);
}

async function removeProject(tx: Tx, id: string): Promise<void> {
  await tx.execute('DELETE p FROM role_permission p JOIN project_role r ON r.id = p.role_id WHERE r.project_id = ?', [
    id,
  ]);
  for (const table of ['project_member', 'project_invitation', 'project_role'])
    await tx.execute(`DELETE FROM ${table} WHERE project_id = ?`, [id]);
  await forget(tx, { type: 'project', id });
  const project = `UPDATE project SET state = 'Removed', removal_operation_id = NULL, ${FREE_NAME} WHERE id = ?`;
  await tx.execute(project, [id]);
}

/** Its limits and settings, and what was written on it. */
async function forget(tx: Tx, { type, id }: OwnerRef): Promise<void> {
  await tx.execute('DELETE FROM resource_limit WHERE owner_id = ?', [id]);
  await tx.execute('DELETE FROM resource_setting WHERE resource_id = ?', [id]);
  await forgetDescriptions(tx, { type, id });
}
