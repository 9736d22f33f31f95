import { virtualMachineStates } from '@durastack/contracts/compute/virtual-machine.state';
import { DurastackError, invariant } from '@durastack/contracts/errors';
import { templateStates } from '@durastack/contracts/image/template.state';
import { hostStates } from '@durastack/contracts/infra/host.state';
import { networkStates } from '@durastack/contracts/network/network.state';
import type { ResourceRef, ResourceType } from '@durastack/contracts/resources';
import { sourcesOf, type StateTable, nextState } from '@durastack/contracts/state-table';
import { storagePoolStates } from '@durastack/contracts/storage/storage-pool.state';
import { volumeStates } from '@durastack/contracts/storage/volume.state';
import type { Tx } from '../database/transaction.js';

const TABLES: Partial<Record<ResourceType, StateTable>> = {
  'virtual-machine': virtualMachineStates,
  volume: volumeStates,
  host: hostStates,
  template: templateStates,
  network: networkStates,
  'storage-pool': storagePoolStates,
};

/** The table of a kind of resource. Its name is safe to put into SQL. */
export function tableOf(type: ResourceType): string {
  return `\`${type.replaceAll('-', '_')}\``;
}

/** Whether things of this kind have a state at all. */
export function hasStates(type: ResourceType): boolean {
  return TABLES[type] !== undefined;
}

/** The state table of a resource type; BUG when it has none. */
export function stateTableOf(type: ResourceType): StateTable {
  const table = TABLES[type];
  invariant(table, `The resource type ${type} has no state table.`);
  return table;
}

/** What a caller of {@link transition} knows or wants beside the event. */
export interface TransitionOptions {
  /** The state of the row, where the caller holds its lock and has read it already. */
  readonly from?: string;
  /** Written together with the state: the operation that the row shows, or none. */
  readonly operationId?: string | null;
}

/**
 * The only writer of `state`: raises an event as compare-and-set.
 *
 * @param event of the resource's state table
 * @returns the new state
 * @throws DurastackError NOT_FOUND; NOT_ALLOWED_IN_STATE naming the present state and those the event allows
 */
export async function transition(
  tx: Tx,
  resource: ResourceRef,
  event: string,
  options: TransitionOptions = {},
): Promise<string> {
  const table = stateTableOf(resource.type);
  const from = options.from ?? (await readState(tx, resource));
  const to = nextState(table, event, from);
  if (to === undefined) {
    throw new DurastackError(
      'NOT_ALLOWED_IN_STATE',
      `The ${resource.type} ${resource.id} is ${from}; ${event} is possible when it is ${sourcesOf(table, event).join(', ')}.`,
      { details: { state: from } },
    );
  }
  const { operationId } = options;
  if (operationId !== undefined) {
    await tx.execute(`UPDATE ${tableOf(resource.type)} SET state = ?, operation_id = ? WHERE id = ? AND state = ?`, [
      to,
      operationId,
      resource.id,
      from,
    ]);
  } else if (to !== from) {
    await tx.execute(`UPDATE ${tableOf(resource.type)} SET state = ? WHERE id = ? AND state = ?`, [
      to,
      resource.id,
      from,
    ]);
  }
  return to;
}

async function readState(tx: Tx, { type, id }: ResourceRef): Promise<string> {
  const rows = await tx.query<{ state: string }>(`SELECT state FROM ${tableOf(type)} WHERE id = ? FOR UPDATE`, [id]);
  if (!rows[0]) throw new DurastackError('NOT_FOUND', `There is no ${type} ${id}.`);
  return rows[0].state;
}

/** As {@link transition}, but an event that the present state does not allow changes nothing. */
export async function transitionIfAllowed(
  tx: Tx,
  resource: ResourceRef,
  event: string,
  options: TransitionOptions = {},
): Promise<boolean> {
  try {
    await transition(tx, resource, event, options);
    return true;
  } catch (error) {
    if (error instanceof DurastackError && error.code === 'NOT_ALLOWED_IN_STATE') return false;
    throw error;
  }
}

/** As {@link transition} of many resources of one kind in one statement; those that are not in state `from` stay as they are. */
export async function transitionAll(
  tx: Tx,
  { type, ids, from }: { readonly type: ResourceRef['type']; readonly ids: readonly string[]; readonly from: string },
  event: string,
): Promise<void> {
  if (ids.length === 0) return;
  const to = nextState(stateTableOf(type), event, from);
  invariant(to, `${event} is not an event of a ${type} that is ${from}.`);
  await tx.execute(`UPDATE ${tableOf(type)} SET state = ? WHERE id IN (?) AND state = ?`, [to, ids, from]);
}

/** A resource and how it is held. */
export interface ResourceLock extends ResourceRef {
  readonly mode: 'exclusive' | 'shared';
}

/**
 * Takes row locks in the one global order (by type, then id), so that no two transactions wait for each other.
 *
 * @throws DurastackError NOT_FOUND when a row does not exist
 */
export async function lockRows(tx: Tx, locks: readonly ResourceLock[]): Promise<void> {
  const ordered = [...locks].sort((a, b) => a.type.localeCompare(b.type) || a.id.localeCompare(b.id));
  const groups: ResourceLock[][] = [];
  for (const lock of ordered) {
    const group = groups.at(-1);
    if (group?.[0]?.type === lock.type && group[0].mode === lock.mode) group.push(lock);
    else groups.push([lock]);
  }
  // A statement each: MariaDB drops the locking clause of a SELECT in parentheses, as in a UNION.
  for (const group of groups) await lockGroup(tx, group);
}

/** Rows of one type in one mode; the primary key is read in its order, so they are taken in the order of their ids. */
async function lockGroup(tx: Tx, group: readonly ResourceLock[]): Promise<void> {
  const { type, mode } = group[0] as ResourceLock;
  const rows = await tx.query<{ id: string }>(
    `SELECT id FROM ${tableOf(type)} WHERE id IN (?) ORDER BY id ${mode === 'exclusive' ? 'FOR UPDATE' : 'LOCK IN SHARE MODE'}`,
    [group.map(({ id }) => id)],
  );
  const found = new Set(rows.map(({ id }) => id));
  const missing = group.find(({ id }) => !found.has(id));
  if (missing) {
    // In the words of access.ts: whoever names another's thing must not learn from them that it exists.
    const parameter = `${type.replaceAll('-', '')}id`;
    throw new DurastackError(
      'NOT_FOUND',
      `Invalid parameter ${parameter} value=${missing.id} due to incorrect long value format, or entity does not exist`,
      { details: { parameter, id: missing.id } },
    );
  }
}

/** Resource types whose rows show the running operation. */
export const HAS_OPERATION: ReadonlySet<ResourceType> = new Set([
  'virtual-machine',
  'host',
  'template',
  'network',
  'storage-pool',
]);

/** Locks a row of these types. @returns its state, and the operation that it shows */
export async function lockShown(
  tx: Tx,
  { type, id }: ResourceRef,
): Promise<{ state: string; operationId: string | null } | undefined> {
  const rows = await tx.query<{ state: string; operationId: string | null }>(
    `SELECT state, operation_id AS operationId FROM ${tableOf(type)} WHERE id = ? FOR UPDATE`,
    [id],
  );
  return rows[0];
}
