/**
 * Operations that were accepted for a parent, as one of many things that it has done: ordinary operations, with their
 * own locks, steps and undo. The parent learns of their endings from their rows.
 */
import { OPEN_OPERATION_STATES } from '@durastack/contracts/operations/operation.state';
import type { DataSource } from 'typeorm';
import { autocommit, type Tx } from '../database/transaction.js';
import { cancelOperation } from './cancel.js';
import type { OperationRow } from './operation-row.js';

/** One child of an operation. */
export interface ChildRow {
  readonly id: string;
  readonly index: number;
  readonly kind: string;
  readonly state: string;
  readonly resourceType: string;
  readonly resourceId: string;
  readonly error: string | null;
}

/** Whether a child has not ended yet. */
export const isOpen = ({ state }: Pick<ChildRow, 'state'>): boolean => OPEN_OPERATION_STATES.includes(state);

/** The children of an operation, in the order of their indices; `most`: no more than so many. */
export function readChildren(tx: Tx, parentId: string, most?: number): Promise<ChildRow[]> {
  return tx.query<ChildRow>(
    `SELECT id, child_index AS \`index\`, kind, state, resource_type AS resourceType, resource_id AS resourceId, error_message AS error
       FROM operation WHERE parent_id = ? ORDER BY child_index ${most === undefined ? '' : `LIMIT ${most}`}`,
    [parentId],
  );
}

/**
 * Cancels the children that have not ended: those that wait end at once, those that run undo what they did.
 *
 * @returns those that are still open: what is past its pivot goes on to its end
 */
export async function cancelChildren(source: DataSource, parentId: string, reason: string): Promise<ChildRow[]> {
  const open = (await readChildren(autocommit(source), parentId)).filter(isOpen);
  const left: ChildRow[] = [];
  for (const child of open) {
    const outcome = await cancelOperation(source, child.id, reason, 'never');
    if (outcome === 'requested' || outcome === 'too-late') left.push(child);
  }
  return left;
}

/**
 * Why a child that was granted has nothing to do any more, or undefined: `fromHostId` among its parameters says that
 * its machine is to leave that host, and the machine is not there now.
 */
export async function reasonGone(
  tx: Tx,
  { kind, parentId, resource, input }: OperationRow,
): Promise<{ code: string; message: string } | undefined> {
  if (kind === 'failOverVirtualMachine') return reasonNotLost(tx, { resource, input });
  const fromHostId = input['fromHostId'];
  if (parentId === null || typeof fromHostId !== 'string' || resource.type !== 'virtual-machine') return undefined;
  const there = await tx.query('SELECT 1 FROM virtual_machine WHERE id = ? AND host_id = ?', [resource.id, fromHostId]);
  if (there.length > 0) return undefined;
  return { code: 'NOT_ALLOWED_IN_STATE', message: `The machine is not on host ${fromHostId} any more.` };
}

/**
 * A machine is moved away from a lost host while it counts as running there, or after another start of it failed: an
 * earlier try found no room, or its host was lost, too.
 */
async function reasonNotLost(
  tx: Tx,
  { resource, input }: Pick<OperationRow, 'resource' | 'input'>,
): Promise<{ code: string; message: string } | undefined> {
  const lost = await tx.query(
    `SELECT 1 FROM virtual_machine WHERE id = ? AND desired_power = 'on'
       AND ((state = 'Running' AND host_id = ?) OR (state = 'Stopped' AND host_id IS NULL))`,
    [resource.id, input['lostHostId'] ?? ''],
  );
  if (lost.length > 0) return undefined;
  return { code: 'NOT_ALLOWED_IN_STATE', message: 'The machine does not run on the lost host any more.' };
}
