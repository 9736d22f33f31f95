/** Plans of the distributed resource scheduler, and what became of their moves. */
import { newId } from '@durastack/kit/ids/new-id';
import { DurastackError } from '@durastack/contracts/errors';
import type { ChangedHost, DrsMove } from '@durastack/contracts/infra/drs-moves';
import type { Tx } from '../database/transaction.js';
import { isOpenSql } from '../operations/open-operations.js';

/** One move, as it is planned. */
export interface DrsMoveRow {
  readonly vmId: string;
  readonly fromHostId: string;
  readonly toHostId: string;
  readonly copyMib: number;
  readonly expectedSeconds: number;
  readonly imbalanceBefore: number;
  readonly imbalanceAfter: number;
}

/** A plan, as it is made. */
export interface NewDrsPlan {
  readonly clusterId: string;
  readonly kind: 'MANUAL' | 'AUTOMATED';
  readonly rules: { readonly algorithm: string; readonly metric: string; readonly threshold: number };
  readonly plan: {
    readonly moves: readonly DrsMoveRow[];
    readonly imbalanceBefore: number;
    readonly imbalanceAfter: number;
    readonly hostCount: number;
    readonly idle?: string;
  };
}

/** Moves that one statement writes. */
const AT_ONCE = 200;

/** Keeps a plan. One without moves is complete from the start. @returns its id */
export async function writeDrsPlan(tx: Tx, { clusterId, kind, rules, plan }: NewDrsPlan): Promise<string> {
  const id = newId();
  await tx.execute(
    `INSERT INTO drs_plan (id, cluster_id, kind, status, algorithm, metric, threshold, imbalance_before, imbalance_after, host_count, idle, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NOW(3))`,
    [
      ...[id, clusterId, kind, plan.moves.length === 0 ? 'COMPLETED' : 'READY', rules.algorithm, rules.metric],
      ...[rules.threshold, plan.imbalanceBefore, plan.imbalanceAfter, plan.hostCount, plan.idle ?? null],
    ],
  );
  for (let start = 0; start < plan.moves.length; start += AT_ONCE) {
    const part = plan.moves.slice(start, start + AT_ONCE);
    await tx.execute(
      `INSERT INTO drs_move (plan_id, position, vm_id, from_host_id, to_host_id, copy_mib, expected_seconds, imbalance_before, imbalance_after)
       VALUES ${part.map(() => '(?, ?, ?, ?, ?, ?, ?, ?, ?)').join(', ')}`,
      part.flatMap((move, offset) => [
        ...[id, start + offset, move.vmId, move.fromHostId, move.toHostId],
        ...[move.copyMib, move.expectedSeconds, move.imbalanceBefore, move.imbalanceAfter],
      ]),
    );
  }
  return id;
}

/**
 * Takes a plan for the operation that carries it out. To be called while the cluster's row is held.
 *
 * @throws DurastackError NOT_FOUND; NOT_ALLOWED_IN_STATE when it was carried out already
 */
export async function takeDrsPlan(
  tx: Tx,
  {
    planId,
    clusterId,
    operationId,
  }: { readonly planId: string; readonly clusterId: string; readonly operationId: string },
): Promise<void> {
  const [plan] = await tx.query<{ status: string }>(
    'SELECT status FROM drs_plan WHERE id = ? AND cluster_id = ? FOR UPDATE',
    [planId, clusterId],
  );
  if (!plan) throw new DurastackError('NOT_FOUND', `The cluster has no DRS plan with the planid ${planId}.`);
  if (plan.status !== 'READY')
    throw new DurastackError('NOT_ALLOWED_IN_STATE', `The plan ${planId} is ${plan.status}; generate a new one.`);
  await tx.execute("UPDATE drs_plan SET status = 'IN_PROGRESS', operation_id = ? WHERE id = ?", [operationId, planId]);
}

/** Refuses to balance a cluster that is being balanced. To be called while the cluster's row is held. */
export async function refuseSecondDrs(tx: Tx, clusterId: string): Promise<void> {
  const [open] = await tx.query<{ id: string }>(
    `SELECT o.id FROM operation o WHERE o.resource_type = 'cluster' AND o.resource_id = ? AND o.kind = 'executeClusterDrsPlan'
      AND ${isOpenSql('o')} LIMIT 1`,
    [clusterId],
  );
  if (!open) return;
  throw new DurastackError('BUSY', `The cluster is being balanced by operation ${open.id}; wait for it or cancel it.`);
}

/** The plan of an operation. */
export async function readDrsMoves(
  tx: Tx,
  operationId: string,
): Promise<{ readonly planId: string; readonly moves: readonly DrsMove[] } | undefined> {
  const [plan] = await tx.query<{ id: string }>('SELECT id FROM drs_plan WHERE operation_id = ?', [operationId]);
  if (!plan) return undefined;
  const moves = await tx.query<Omit<DrsMove, 'vmBusy'> & { readonly vmBusy: number }>(
    `SELECT m.position, m.vm_id AS vmId, v.name AS vmName, m.from_host_id AS fromHostId, m.to_host_id AS toHostId, m.passed_over AS passedOver,
       o.state AS childState, o.error_message AS childError, v.host_id AS vmHostId, v.state AS vmState,
       EXISTS (SELECT 1 FROM operation_lock l WHERE l.resource_type = 'virtual-machine' AND l.resource_id = m.vm_id) AS vmBusy
     FROM drs_move m LEFT JOIN virtual_machine v ON v.id = m.vm_id
       LEFT JOIN operation o ON o.parent_id = ? AND o.child_index = m.position
      WHERE m.plan_id = ? ORDER BY m.position`,
    [operationId, plan.id],
  );
  return { planId: plan.id, moves: moves.map((move) => ({ ...move, vmBusy: Number(move.vmBusy) === 1 })) };
}

/** So long a host that fell silent is waited for. */
const AWAITED_SECONDS = 120;

/** Hosts of a plan that do not give or take machines now, with what they are. */
export async function readChangedHosts(tx: Tx, hostIds: readonly string[]): Promise<readonly ChangedHost[]> {
  if (hostIds.length === 0) return [];
  const rows = await tx.query<{ id: string; name: string; what: string; awaited: number }>(
    `SELECT id, name, IF(state <> 'Up', state, allocation_state) AS what,
       IFNULL(state = 'Disconnected' AND allocation_state = 'Enabled' AND last_heartbeat_at > NOW(3) - INTERVAL ${AWAITED_SECONDS} SECOND, 0) AS awaited FROM host
      WHERE id IN (?) AND (state <> 'Up' OR allocation_state <> 'Enabled') ORDER BY name`,
    [hostIds],
  );
  return rows.map((row) => ({ ...row, awaited: Number(row.awaited) === 1 }));
}

/** Notes why a move was passed over. */
export async function passOver(
  tx: Tx,
  { planId, position }: { readonly planId: string; readonly position: number },
  reason: string,
): Promise<void> {
  await tx.execute('UPDATE drs_move SET passed_over = ? WHERE plan_id = ? AND position = ?', [
    ...[reason.slice(0, 1_024), planId, position],
  ]);
}

/** Notes that nothing more will come of the plan of an operation. */
export async function endDrsPlan(tx: Tx, operationId: string): Promise<void> {
  await tx.execute("UPDATE drs_plan SET status = 'COMPLETED' WHERE operation_id = ?", [operationId]);
}

/** Forgets plans that are older than that. */
export async function forgetOldDrsPlans(tx: Tx, days: number): Promise<void> {
  const old = await tx.query<{ id: string }>(
    "SELECT id FROM drs_plan WHERE created_at < NOW(3) - INTERVAL ? DAY AND status <> 'IN_PROGRESS' LIMIT 500",
    [days],
  );
  if (old.length === 0) return;
  const ids = old.map(({ id }) => id);
  await tx.execute('DELETE FROM drs_move WHERE plan_id IN (?)', [ids]);
  await tx.execute('DELETE FROM drs_plan WHERE id IN (?)', [ids]);
}

/** Whether machines of a lost host of the cluster are being started elsewhere, or the host is being given up. */
export async function readRecovering(tx: Tx, clusterId: string): Promise<boolean> {
  const open = await tx.query(
    `SELECT 1 FROM operation o JOIN host h ON o.resource_type = 'host' AND h.id = o.resource_id
      WHERE h.cluster_id = ? AND o.kind = 'failOverHost' AND ${isOpenSql('o')} LIMIT 1`,
    [clusterId],
  );
  return open.length > 0;
}
