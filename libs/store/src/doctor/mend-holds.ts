/** Mends what operations left behind. Each looks again under row locks, and changes nothing that does not hold any more. */
import { OPEN_OPERATION_STATES } from '@durastack/contracts/operations/operation.state';
import type { ResourceRef } from '@durastack/contracts/resources';
import { transaction, type Tx } from '../database/transaction.js';
import type { DataSource } from 'typeorm';
import { grantIfFree, readWaitingBehind } from '../operations/grant.js';
import { isOpenSql } from '../operations/open-operations.js';
import { HAS_OPERATION, tableOf } from '../operations/state-rows.js';

/** Whether an operation is open; its row, if there is one, is locked for the transaction. */
async function isOpen(tx: Tx, operationId: string): Promise<boolean> {
  const rows = await tx.query<{ state: string }>('SELECT state FROM operation WHERE id = ? FOR UPDATE', [operationId]);
  return rows[0] !== undefined && OPEN_OPERATION_STATES.includes(rows[0].state);
}

/** Whether anything holds, or waits for, a resource. Take its row lock first: nothing new is accepted on it then. */
async function isWanted(tx: Tx, { type, id }: ResourceRef): Promise<boolean> {
  const rows = await tx.query(
    `SELECT 1 FROM operation o WHERE o.resource_type = ? AND o.resource_id = ? AND ${isOpenSql('o')}
     UNION ALL SELECT 1 FROM operation_lock WHERE resource_type = ? AND resource_id = ? LIMIT 1`,
    [type, id, type, id],
  );
  return rows.length > 0;
}

/** Releases a lock of an operation that is not open, and grants what waited for it. */
export function releaseLock(source: DataSource, operationId: string, resource: ResourceRef): Promise<boolean> {
  return transaction(source, async (tx) => {
    if (await isOpen(tx, operationId)) return false;
    const waiting = await readWaitingBehind(tx, operationId);
    const { affectedRows } = await tx.execute(
      'DELETE FROM operation_lock WHERE operation_id = ? AND resource_type = ? AND resource_id = ?',
      [operationId, resource.type, resource.id],
    );
    for (const id of waiting) await grantIfFree(tx, id);
    return affectedRows > 0;
  });
}

/** Releases a claim of an operation that is not open. */
export function releaseClaim(source: DataSource, operationId: string, resource: ResourceRef): Promise<boolean> {
  return transaction(source, async (tx) => {
    if (await isOpen(tx, operationId)) return false;
    const { affectedRows } = await tx.execute(
      'DELETE FROM claim WHERE operation_id = ? AND resource_type = ? AND resource_id = ?',
      [operationId, resource.type, resource.id],
    );
    return affectedRows > 0;
  });
}

/** Grants a queued operation that nothing is before. */
export function grantAlone(source: DataSource, operationId: string): Promise<boolean> {
  return transaction(source, (tx) => grantIfFree(tx, operationId));
}

/** Clears the note of an operation that is not open. */
export function clearNote(source: DataSource, operationId: string, { type, id }: ResourceRef): Promise<boolean> {
  return transaction(source, async (tx) => {
    if (!HAS_OPERATION.has(type)) return false;
    await tx.query(`SELECT id FROM ${tableOf(type)} WHERE id = ? FOR UPDATE`, [id]);
    if (await isOpen(tx, operationId)) return false;
    const { affectedRows } = await tx.execute(
      `UPDATE ${tableOf(type)} SET operation_id = NULL WHERE id = ? AND operation_id = ?`,
      [id, operationId],
    );
    return affectedRows > 0;
  });
}

/** Removes the key of a REST call that never had an effect. */
export async function forgetIdempotencyKey(source: DataSource, userId: string, keySha256: string): Promise<boolean> {
  const { affectedRows } = await transaction(source, (tx) =>
    tx.execute(
      'DELETE FROM idempotency_key WHERE user_id = ? AND key_sha256 = ? AND status IS NULL AND operation_id IS NULL',
      [userId, keySha256],
    ),
  );
  return affectedRows > 0;
}

/** Erases what a host was enrolled with, if nothing works on the host. */
export function eraseEnrolment(source: DataSource, hostId: string): Promise<boolean> {
  return transaction(source, async (tx) => {
    await tx.query('SELECT id FROM host WHERE id = ? FOR UPDATE', [hostId]);
    if (await isWanted(tx, { type: 'host', id: hostId })) return false;
    const { affectedRows } = await tx.execute(
      'UPDATE host SET enrolment_sealed = NULL WHERE id = ? AND enrolment_sealed IS NOT NULL',
      [hostId],
    );
    return affectedRows > 0;
  });
}

/** Notes that a base image is not on a pool, unless it was put there since. */
export async function noteTemplateMissing(
  source: DataSource,
  base: { templateId: string; poolId: string; readyAt: Date | null },
): Promise<boolean> {
  const { affectedRows } = await transaction(source, (tx) =>
    tx.execute('UPDATE template_on_pool SET ready_at = NULL WHERE template_id = ? AND pool_id = ? AND ready_at = ?', [
      base.templateId,
      base.poolId,
      base.readyAt,
    ]),
  );
  return affectedRows > 0;
}

/** Deletes an interface whose machine is gone, and the secondary addresses of one that is gone. */
export function deleteOrphanNic(source: DataSource, nicId: string): Promise<boolean> {
  return transaction(source, async (tx) => {
    const nics = await tx.execute(
      `DELETE FROM nic WHERE id = ? AND NOT EXISTS (
         SELECT 1 FROM virtual_machine v WHERE v.id = nic.vm_id AND v.state <> 'Expunged')`,
      [nicId],
    );
    const addresses = await tx.execute(
      'DELETE FROM nic_secondary_ip WHERE nic_id = ? AND NOT EXISTS (SELECT 1 FROM nic n WHERE n.id = ?)',
      [nicId, nicId],
    );
    return nics.affectedRows + addresses.affectedRows > 0;
  });
}

/**
 * A token for one call about a machine that no operation works on: newer than all that was, older than all that comes.
 *
 * @returns undefined when something works on the machine, or when it is on that very host
 */
export function tokenForLeftover(
  source: DataSource,
  { vmId, hostId, callId }: { vmId: string; hostId: string; callId: string },
): Promise<{ generation: number; controlEpoch: number } | undefined> {
  return transaction(source, async (tx) => {
    const [vm] = await tx.query<{ hostId: string | null; operationId: string | null }>(
      'SELECT host_id AS hostId, operation_id AS operationId FROM virtual_machine WHERE id = ? FOR UPDATE',
      [vmId],
    );
    if (!vm || vm.hostId === hostId || vm.operationId !== null) return undefined;
    if (await isWanted(tx, { type: 'virtual-machine', id: vmId })) return undefined;
    // What is accepted from now on waits for this row, begins later, and so has a higher generation.
    const { insertId } = await tx.execute(
      'INSERT INTO operation_run (operation_id, run, started_at) VALUES (?, 0, NOW(3))',
      [callId],
    );
    const [epoch] = await tx.query<{ value: string }>("SELECT value FROM setting WHERE name = 'control-epoch'");
    return { generation: insertId, controlEpoch: Number(epoch?.value) };
  });
}
