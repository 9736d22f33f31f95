/** Affinity groups as calls name them. Nothing here writes. */
import { MAX_GROUP_MEMBERS, MAX_GROUPS_OF_MACHINE } from '@durastack/contracts/compute/affinity-types';
import { DurastackError } from '@durastack/contracts/errors';
import type { Tx } from '@durastack/store/database/transaction';
import { notFound } from '@durastack/store/identity/access';

/** Groups by id or by name; one of the two, or neither. */
export interface NamedGroups {
  readonly affinityGroupIds?: readonly string[] | undefined;
  readonly affinityGroupNames?: readonly string[] | undefined;
}

/**
 * The ids of an account's groups that a call names.
 *
 * @throws DurastackError NOT_FOUND for one that is not the account's; INVALID_INPUT when both lists are given, or too
 *   many groups; CONFLICT when one of them is full
 */
export async function readGroups(tx: Tx, accountId: string, named: NamedGroups): Promise<string[]> {
  const { affinityGroupIds: ids, affinityGroupNames: names } = named;
  if (ids !== undefined && names !== undefined)
    throw new DurastackError('INVALID_INPUT', 'Give affinitygroupids or affinitygroupnames, not both.');
  const wanted = [...new Set(ids ?? names ?? [])];
  if (wanted.length === 0) return [];
  if (wanted.length > MAX_GROUPS_OF_MACHINE)
    throw new DurastackError(
      'INVALID_INPUT',
      `A machine can be in ${MAX_GROUPS_OF_MACHINE} affinity groups at most; ${wanted.length} were given.`,
    );
  const key = names === undefined ? 'id' : 'name';
  const rows = await tx.query<{ id: string; name: string; members: number }>(
    `SELECT g.id, g.name, (SELECT COUNT(*) FROM affinity_group_member m WHERE m.group_id = g.id) AS members
       FROM affinity_group g WHERE g.account_id = ? AND g.${key} IN (?) ORDER BY g.id`,
    [accountId, wanted],
  );
  for (const one of wanted) {
    const row = rows.find((found) => found[key].toLowerCase() === one.toLowerCase());
    if (!row) throw notFound(key === 'id' ? 'affinitygroupids' : 'affinitygroupnames', one);
    if (Number(row.members) >= MAX_GROUP_MEMBERS)
      throw new DurastackError(
        'CONFLICT',
        `The affinity group ${row.name} has ${row.members} machines, more than which it cannot have; make another one.`,
      );
  }
  return rows.map(({ id }) => id);
}

/** Puts a machine into groups. One that has gone meanwhile is left out. */
export async function joinGroups(tx: Tx, vmId: string, groupIds: readonly string[]): Promise<void> {
  if (groupIds.length === 0) return;
  await tx.execute(
    `INSERT INTO affinity_group_member (group_id, vm_id, created_at) SELECT id, ?, NOW(3) FROM affinity_group WHERE id IN (?)`,
    [vmId, groupIds],
  );
}
