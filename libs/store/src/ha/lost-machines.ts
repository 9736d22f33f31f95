/** Machines whose host is lost, as HA keeps them; see the entity. */
import { newId } from '@durastack/kit/ids/new-id';
import type { Tx } from '../database/transaction.js';
import { isOpenSql } from '../operations/open-operations.js';
import { releaseHosts } from '../operations/reservations.js';
import { transitionIfAllowed } from '../operations/state-rows.js';

/** The host that is being fenced. */
export interface FencedHost {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly fenceEpoch: number;
  readonly bootId: string | null;
  /** Since it was last heard, by the database's clock; null: never. */
  readonly silentMs: number | null;
}

/** Reads it, and holds it when `lock` says so. */
export async function readFencedHost(tx: Tx, hostId: string, lock = false): Promise<FencedHost | undefined> {
  const [row] = await tx.query<FencedHost>(
    `SELECT id, name, state, fence_epoch AS fenceEpoch, boot_id AS bootId,
       TIMESTAMPDIFF(MICROSECOND, last_heartbeat_at, NOW(3)) DIV 1000 AS silentMs FROM host WHERE id = ? ${lock ? 'FOR UPDATE' : ''}`,
    [hostId],
  );
  return row && { ...row, silentMs: row.silentMs === null ? null : Number(row.silentMs) };
}

/** Writes down every machine that is on the host and is not written down for this operation yet. */
export async function noteLostMachines(tx: Tx, hostId: string, operationId: string): Promise<void> {
  const machines = await tx.query<{ id: string; wants: number; priority: number }>(
    `SELECT v.id, v.desired_power = 'on' AND o.offer_ha = 1 AS wants, COALESCE(v.ha_priority, o.ha_priority) AS priority
       FROM virtual_machine v JOIN service_offering o ON o.id = v.service_offering_id
      WHERE v.host_id = ? AND v.state <> 'Expunged'
        AND NOT EXISTS (SELECT 1 FROM lost_machine l WHERE l.host_id = v.host_id AND l.vm_id = v.id AND l.operation_id = ?)`,
    [hostId, operationId],
  );
  if (machines.length === 0) return;
  await tx.execute(
    `INSERT INTO lost_machine (id, vm_id, host_id, operation_id, wants_restart, priority, attempts, settled, created_at)
     VALUES ${machines.map(() => '(?, ?, ?, ?, ?, ?, 0, 0, NOW(3))').join(', ')}`,
    machines.flatMap(({ id, wants, priority }) => [newId(), id, hostId, operationId, Number(wants) === 1, priority]),
  );
}

/** One of them, with how its machine stands and what became of the last start that was asked for. */
export interface LostMachine {
  readonly id: string;
  /** What fails its host over. */
  readonly operationId: string;
  readonly hostId: string;
  readonly vmId: string;
  readonly name: string;
  readonly proven: boolean;
  readonly wantsRestart: boolean;
  readonly priority: number;
  readonly memoryMib: number;
  readonly attempts: number;
  /** It may be tried now. */
  readonly due: boolean;
  readonly reason: string | null;
  readonly vmState: string;
  readonly desiredPower: string;
  readonly vmHostId: string | null;
  /** Something locks it, or waits to. */
  readonly isBusy: boolean;
  readonly childState: string | null;
  readonly childError: string | null;
}

/** Those of an operation about which something is still to be done. */
export function readLostMachines(tx: Tx, operationId: string): Promise<LostMachine[]> {
  return readThose(tx, 'l.operation_id = ? AND l.settled = 0', operationId);
}

/** How many first starts one round looks at. */
const FIRST_STARTS = 100;

/**
 * Machines of all lost hosts whose operations are at this step, that were never started elsewhere yet: the first few by
 * importance, and equally important ones by chance, so that they lie in different clusters.
 */
export async function readFirstStarts(tx: Tx, stepIndex: number): Promise<LostMachine[]> {
  const first = await tx.query<{ id: string }>(
    `SELECT l.id FROM lost_machine l JOIN operation p ON p.id = l.operation_id JOIN virtual_machine v ON v.id = l.vm_id
      WHERE l.settled = 0 AND l.wants_restart = 1 AND l.proven_at IS NOT NULL AND l.attempts = 0
        AND p.state = 'running' AND p.step_index = ?
      ORDER BY l.priority DESC, v.memory_mib DESC, RIGHT(l.vm_id, 12) LIMIT ${FIRST_STARTS}`,
    [stepIndex],
  );
  return first.length === 0
    ? []
    : readThose(
        tx,
        'l.id IN (?)',
        first.map(({ id }) => id),
      );
}

async function readThose(tx: Tx, where: string, value: unknown): Promise<LostMachine[]> {
  const rows = await tx.query<Record<string, unknown>>(
    `SELECT l.id, l.operation_id AS operationId, l.host_id AS hostId, l.vm_id AS vmId, v.name, l.proven_at IS NOT NULL AS proven,
       l.wants_restart AS wantsRestart, l.priority, v.memory_mib AS memoryMib,
       l.attempts, (l.next_at IS NULL OR l.next_at <= NOW(3)) AS due, l.reason, v.state AS vmState, v.desired_power AS desiredPower, v.host_id AS vmHostId,
       EXISTS (SELECT 1 FROM operation_lock k WHERE k.resource_type = 'virtual-machine' AND k.resource_id = l.vm_id) AS isBusy,
       c.state AS childState, c.error_message AS childError
     FROM lost_machine l JOIN virtual_machine v ON v.id = l.vm_id
       LEFT JOIN operation c ON c.parent_id = l.operation_id AND c.id = (SELECT x.id FROM operation x
         WHERE x.parent_id = l.operation_id AND x.resource_id = l.vm_id ORDER BY x.child_index DESC LIMIT 1)
     WHERE ${where} ORDER BY l.id`,
    [value],
  );
  return rows.map((row) => ({
    ...(row as unknown as LostMachine),
    ...{ proven: Number(row['proven']) === 1, wantsRestart: Number(row['wantsRestart']) === 1 },
    ...{ due: Number(row['due']) === 1, isBusy: Number(row['isBusy']) === 1 },
  }));
}

/** Old copies of these are proven dead. */
export async function noteProven(tx: Tx, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.execute('UPDATE lost_machine SET proven_at = COALESCE(proven_at, NOW(3)), reason = NULL WHERE id IN (?)', [
    ids,
  ]);
}

/**
 * How the machine that an operation holds stands on a lost host: `dead` when what would be asked of the host has no
 * effect any more, though other machines there may not be proven dead yet; `awaited` while HA has not asked for its start
 * elsewhere, which comes first. Undefined: nothing is proven of it.
 */
export async function copyOnLostHost(
  tx: Tx,
  { hostId, operationId }: { readonly hostId: string; readonly operationId: string },
): Promise<'dead' | 'awaited' | undefined> {
  const [copy] = await tx.query<{ awaited: number }>(
    `SELECT p.state = 'running' AND l.settled = 0 AND l.attempts = 0 AND l.reason IS NULL AND l.wants_restart = 1
       AND v.desired_power = 'on' AND v.host_id = l.host_id AND v.state IN ('Running', 'Starting', 'Migrating') AS awaited
     FROM operation_lock k
       JOIN lost_machine l ON l.vm_id = k.resource_id AND l.host_id = ? AND l.proven_at IS NOT NULL
       JOIN host_fence f ON f.host_id = l.host_id AND f.operation_id = l.operation_id
       JOIN operation p ON p.id = l.operation_id JOIN virtual_machine v ON v.id = l.vm_id
      WHERE k.operation_id = ? AND k.resource_type = 'virtual-machine' AND k.waiting = 0 ORDER BY awaited DESC LIMIT 1`,
    [hostId, operationId],
  );
  if (!copy) return undefined;
  return Number(copy.awaited) === 1 ? 'awaited' : 'dead';
}

/** Why one of them waits. */
export async function noteWaiting(tx: Tx, id: string, reason: string): Promise<void> {
  await tx.execute('UPDATE lost_machine SET reason = ? WHERE id = ? AND NOT reason <=> ?', [
    reason.slice(0, 1_000),
    id,
    reason.slice(0, 1_000),
  ]);
}

/** The next start is tried after this pause. */
export async function notePause(tx: Tx, id: string, reason: string, pauseMs: number): Promise<void> {
  await tx.execute('UPDATE lost_machine SET reason = ?, next_at = NOW(3) + INTERVAL ? MICROSECOND WHERE id = ?', [
    reason.slice(0, 1_000),
    pauseMs * 1_000,
    id,
  ]);
}

/** A start was asked for. @returns false: another one was meanwhile, or nothing is to be done about it any more */
export async function noteAttempt(tx: Tx, { id, attempts }: Pick<LostMachine, 'id' | 'attempts'>): Promise<boolean> {
  const { affectedRows } = await tx.execute(
    'UPDATE lost_machine SET attempts = attempts + 1, next_at = NULL, reason = NULL WHERE id = ? AND attempts = ? AND settled = 0',
    [id, attempts],
  );
  return affectedRows > 0;
}

/** Nothing more is to be done about these. */
export async function settleLostMachines(tx: Tx, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await tx.execute('UPDATE lost_machine SET settled = 1 WHERE id IN (?)', [ids]);
}

/** Nothing more is to be done about any of an operation's. */
export async function forgetLostMachines(tx: Tx, operationId: string): Promise<void> {
  await tx.execute('DELETE FROM lost_machine WHERE operation_id = ?', [operationId]);
}

/** Takes a machine off its lost host: the room is given back, and its removal there is owed. */
export async function leaveHost(tx: Tx, vmId: string, hostId: string): Promise<void> {
  await releaseHosts(tx, vmId);
  await tx.execute(
    `UPDATE virtual_machine SET host_id = NULL, last_host_id = ?, requested_host_id = NULL, observed_power = 'absent', observed_at = NOW(3)
      WHERE id = ? AND host_id = ?`,
    [hostId, vmId, hostId],
  );
  await owe(tx, { hostId, verb: 'ensureVmGone', params: { vmId } });
}

/** A machine that is not to be started: it is known to be stopped. The caller holds its row; nothing locks it. */
export async function recordLost(tx: Tx, vmId: string, hostId: string): Promise<void> {
  await transitionIfAllowed(tx, { type: 'virtual-machine', id: vmId }, 'PoweredOffOnHost');
  await leaveHost(tx, vmId, hostId);
}

/** What is to be done on a host before it may run anything again. */
export interface Obligation {
  readonly hostId: string;
  readonly verb: 'ensureVmGone';
  readonly params: { readonly vmId: string };
}

/** Writes down what is owed, once. */
export async function owe(tx: Tx, { hostId, verb, params }: Obligation): Promise<void> {
  const json = JSON.stringify(params);
  const known = await tx.query('SELECT 1 FROM host_obligation WHERE host_id = ? AND verb = ? AND params_json = ?', [
    hostId,
    verb,
    json,
  ]);
  if (known.length > 0) return;
  await tx.execute(
    'INSERT INTO host_obligation (id, host_id, verb, params_json, created_at) VALUES (?, ?, ?, ?, NOW(3))',
    [newId(), hostId, verb, json],
  );
}

/** What is owed on a host, in the order in which it fell due. */
export async function readObligations(tx: Tx, hostId: string): Promise<(Obligation & { readonly id: string })[]> {
  const rows = await tx.query<{ id: string; verb: 'ensureVmGone'; json: string }>(
    'SELECT id, verb, params_json AS json FROM host_obligation WHERE host_id = ? ORDER BY id',
    [hostId],
  );
  return rows.map(({ id, verb, json }) => ({ id, hostId, verb, params: JSON.parse(json) as Obligation['params'] }));
}

/** How many hosts are being failed over. */
export async function countLostHosts(tx: Tx): Promise<number> {
  const [row] = await tx.query<{ n: number }>(
    "SELECT COUNT(*) AS n FROM operation WHERE kind = 'failOverHost' AND state IN ('granted', 'running')",
  );
  return Number(row?.n ?? 0);
}

/**
 * What fails hosts over and has something to do about starts that it asked for: one has failed, or the last of all has
 * succeeded.
 */
export function readFailOversWithNews(tx: Tx): Promise<{ id: string; run: number }[]> {
  return tx.query(
    `SELECT p.id, p.run FROM operation p JOIN lost_machine l ON l.operation_id = p.id AND l.settled = 0
       LEFT JOIN operation c ON c.parent_id = p.id AND c.id = (SELECT x.id FROM operation x
         WHERE x.parent_id = p.id AND x.resource_id = l.vm_id ORDER BY x.child_index DESC LIMIT 1)
      WHERE p.kind = 'failOverHost' AND p.state = 'running'
      GROUP BY p.id, p.run
     HAVING SUM(COALESCE(c.state = 'succeeded', 0)) = COUNT(*)
         OR SUM(l.attempts > 0 AND l.reason IS NULL AND c.state <> 'succeeded' AND NOT ${isOpenSql('c')}) > 0`,
  );
}

/**
 * What is to ask for first starts: of all that fail hosts over the one that has come furthest, always the same, since
 * it is cheapest to wake. Undefined: no machine waits to be started for the first time.
 */
export async function readAsker(tx: Tx): Promise<{ id: string; run: number } | undefined> {
  const [asker] = await tx.query<{ id: string; run: number }>(
    `SELECT p.id, p.run FROM operation p WHERE p.kind = 'failOverHost' AND p.state = 'running'
        AND EXISTS (SELECT 1 FROM lost_machine l JOIN operation o ON o.id = l.operation_id AND o.state = 'running'
          WHERE l.settled = 0 AND l.wants_restart = 1 AND l.proven_at IS NOT NULL AND l.attempts = 0)
      ORDER BY p.step_index DESC, p.id LIMIT 1`,
  );
  return asker;
}

/** Whether hosts are being failed over: not those that have waited for proof or room for long. */
export async function isRestarting(tx: Tx): Promise<boolean> {
  const found = await tx.query(
    `SELECT 1 FROM operation WHERE kind IN ('failOverHost', 'failOverVirtualMachine')
       AND state IN ('queued', 'granted', 'running') AND created_at > NOW(3) - INTERVAL 10 MINUTE LIMIT 1`,
  );
  return found.length > 0;
}

/** Starts of machines of lost hosts that are under way: how many, by the operation that asked for them. */
export async function readStartsUnderWay(tx: Tx): Promise<Map<string, number>> {
  const rows = await tx.query<{ operationId: string; count: number }>(
    `SELECT parent_id AS operationId, COUNT(*) AS count FROM operation
      WHERE kind = 'failOverVirtualMachine' AND state IN ('queued', 'granted', 'running') GROUP BY parent_id`,
  );
  return new Map(rows.map(({ operationId, count }) => [operationId, Number(count)]));
}
