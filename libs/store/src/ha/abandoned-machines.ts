/**
 * Machines of a lost host about which nobody does anything any more: failing over was given up. Where it is proven that
 * they are dead they become Stopped, which is the truth, and can be started by whoever wants them.
 */
import type { Tx } from '../database/transaction.js';
import { isOpenSql } from '../operations/open-operations.js';
import { lockRows } from '../operations/state-rows.js';
import { noteHaState } from './host-ha.js';
import { recordLost } from './lost-machines.js';

/** How many are recorded in one round. */
const AT_ONCE = 50;

/** What was given up. */
export interface GivenUpFailOver {
  readonly operationId: string;
  readonly hostId: string;
  /** It was past its pivot: what is proven is proven for good. */
  readonly isPastPivot: boolean;
}

/**
 * Ends what an operation that failed over a host knew of its machines, as part of the transaction that gives it up. What
 * starts one of them elsewhere goes on; unproven ones stay where they are, and the host is watched again.
 */
export async function leaveLostMachines(tx: Tx, { operationId, hostId, isPastPivot }: GivenUpFailOver): Promise<void> {
  const left = await tx.query<{ vmId: string }>(
    `SELECT l.vm_id AS vmId FROM lost_machine l JOIN virtual_machine v ON v.id = l.vm_id AND v.host_id = l.host_id
      WHERE l.operation_id = ? AND l.settled = 0 AND l.proven_at IS NOT NULL ORDER BY l.vm_id`,
    [operationId],
  );
  if (isPastPivot) for (const { vmId } of left) await recordUnlessBusy(tx, vmId, hostId);
  // Who starts one elsewhere still asks whether its old copy was proven dead.
  await tx.execute(
    `DELETE FROM lost_machine WHERE operation_id = ? AND NOT EXISTS (SELECT 1 FROM operation o
      WHERE o.parent_id = lost_machine.operation_id AND o.resource_id = lost_machine.vm_id AND ${isOpenSql('o')})`,
    [operationId],
  );
  const { affectedRows } = await tx.execute(
    'UPDATE host_ha SET operation_id = NULL WHERE id = ? AND operation_id = ?',
    [hostId, operationId],
  );
  if (affectedRows === 0) return;
  const [host] = await tx.query<{ state: string }>('SELECT state FROM host WHERE id = ?', [hostId]);
  const isFenced = host?.state === 'Down';
  const reason = isFenced
    ? 'failing over was given up; its machines that were not started elsewhere are Stopped'
    : 'it is watched again: failing over was given up';
  await noteHaState(tx, hostId, isFenced ? 'Fenced' : 'Suspect', reason);
}

/** A machine that is recorded on a fenced host, which nobody does anything about. */
export interface AbandonedMachine {
  readonly vmId: string;
  readonly hostId: string;
}

/** Some of them; a machine that something locks is not among them. */
export function readAbandoned(tx: Tx): Promise<AbandonedMachine[]> {
  return tx.query<AbandonedMachine>(
    `SELECT v.id AS vmId, h.id AS hostId FROM host h JOIN virtual_machine v ON v.host_id = h.id
      WHERE h.state = 'Down' AND v.state <> 'Expunged'
        AND NOT EXISTS (SELECT 1 FROM operation o WHERE o.resource_type = 'host' AND o.resource_id = h.id AND o.kind = 'failOverHost' AND ${isOpenSql('o')})
        AND NOT EXISTS (SELECT 1 FROM operation_lock k WHERE k.resource_type = 'virtual-machine' AND k.resource_id = v.id)
      LIMIT ${AT_ONCE}`,
  );
}

/** Records one as Stopped. What was found is looked at again under its lock. */
export async function recordAbandoned(tx: Tx, { vmId, hostId }: AbandonedMachine): Promise<boolean> {
  const [host] = await tx.query<{ state: string }>('SELECT state FROM host WHERE id = ? LOCK IN SHARE MODE', [hostId]);
  if (host?.state !== 'Down') return false;
  const recorded = await recordUnlessBusy(tx, vmId, hostId);
  await tx.execute(
    `DELETE FROM lost_machine WHERE vm_id = ? AND host_id = ? AND NOT EXISTS (SELECT 1 FROM operation o WHERE o.id = lost_machine.operation_id AND ${isOpenSql('o')})`,
    [vmId, hostId],
  );
  return recorded;
}

async function recordUnlessBusy(tx: Tx, vmId: string, hostId: string): Promise<boolean> {
  await lockRows(tx, [{ type: 'virtual-machine', id: vmId, mode: 'exclusive' }]);
  const [vm] = await tx.query<{ busy: number }>(
    `SELECT EXISTS (SELECT 1 FROM operation_lock k WHERE k.resource_type = 'virtual-machine' AND k.resource_id = v.id) AS busy
       FROM virtual_machine v WHERE v.id = ? AND v.host_id = ?`,
    [vmId, hostId],
  );
  if (vm === undefined || Number(vm.busy) === 1) return false;
  await recordLost(tx, vmId, hostId);
  return true;
}
