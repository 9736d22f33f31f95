/** What the dispatcher and the sweep read and write: the rows that the loops in the workers turn on. */
import { transaction, type Tx } from '../database/transaction.js';
import type { DataSource } from 'typeorm';
import { EARLIER_CONFLICTS } from './earlier-conflicts.js';
import { grantIfFree } from './grant.js';

/** Accounts that one round of the dispatcher looks at; the next round begins behind them. */
export const ACCOUNTS = 200;
/** So many rows are looked at one by one, to tell whose they are. */
const FEW = 1_000;
/** Queued operations that one sweep looks at. */
const FORGOTTEN_AT_ONCE = 1_000;
/** A workflow that was started begins within a second; after this its start is looked into. */
const BEGIN_WITHIN_S = 10;
/** Running operations that no step has touched for so long are looked up in Temporal. */
const SILENT_AFTER_S = 8;
/** A cancel that was signalled and not heard is signalled again. */
const RESIGNAL_AFTER_S = 10;

/** A granted operation that has no workflow yet. */
export interface StartableRow {
  readonly id: string;
  readonly kind: string;
  readonly run: number;
  readonly summary: string;
  readonly accountId: string;
  readonly domainId: string;
  readonly zoneId: string | null;
  readonly resourceType: string;
  readonly resourceId: string;
  readonly direction: string;
  readonly hostId: string | null;
}

/** How much of what waits is looked at. */
export interface StartableSlice {
  readonly accounts: readonly string[];
  /** How many of each account's, at most. */
  readonly perAccount: number;
  /** Hosts that take no more: their operations are passed over, however many there are. */
  readonly fullHosts: readonly string[];
}

/**
 * The host of a machine, or the one that was asked for, as far as the operation calls it: what starts a machine elsewhere
 * does not call the lost one, however many wait for that one's silence to end.
 */
const HOST = "IF(o.kind = 'failOverVirtualMachine', NULL, COALESCE(v.host_id, v.requested_host_id))";

/**
 * Accounts of which something waits to be started, the first {@link ACCOUNTS} behind `after`.
 *
 * A bounded look tells them while little waits. Else each account is asked by one dive into the index: neither server
 * skips from account to account by itself, and a scan would read whatever waits.
 */
export async function readStartableAccounts(tx: Tx, after: string): Promise<string[]> {
  const looked = await tx.query<{ id: string }>(
    `SELECT account_id AS id FROM operation FORCE INDEX (operation_dispatch)
      WHERE state = 'granted' AND dispatched_at IS NULL AND account_id > ? ORDER BY account_id LIMIT ${FEW}`,
    [after],
  );
  if (looked.length < FEW) return [...new Set(looked.map(({ id }) => id))].slice(0, ACCOUNTS);
  const rows = await tx.query<{ id: string }>(
    `SELECT a.id FROM account a WHERE a.id > ? AND (
         SELECT o.id FROM operation o FORCE INDEX (operation_dispatch)
          WHERE o.state = 'granted' AND o.dispatched_at IS NULL AND o.account_id = a.id LIMIT 1) IS NOT NULL
      ORDER BY a.id LIMIT ${ACCOUNTS}`,
    [after],
  );
  return rows.map(({ id }) => id);
}

/** Granted operations to start: the first few of each account, in order of acceptance. */
export async function readStartable(tx: Tx, slice: StartableSlice): Promise<StartableRow[]> {
  const { accounts, perAccount, fullHosts } = slice;
  if (accounts.length === 0) return [];
  const passed = fullHosts.length === 0 ? '' : ` AND COALESCE(${HOST}, '') NOT IN (?)`;
  // One range of the index for each account: not every server pushes a derived table of ranges down.
  const part = `(SELECT o.seq, o.id, o.kind, o.run, o.summary, o.account_id AS accountId, o.domain_id AS domainId, o.zone_id AS zoneId,
       o.resource_type AS resourceType, o.resource_id AS resourceId, o.direction, ${HOST} AS hostId
     FROM operation o FORCE INDEX (operation_dispatch)
     LEFT JOIN virtual_machine v ON o.resource_type = 'virtual-machine' AND v.id = o.resource_id
     WHERE o.state = 'granted' AND o.dispatched_at IS NULL AND o.account_id = ?${passed} ORDER BY o.seq LIMIT ${perAccount})`;
  const rows = await tx.query<StartableRow & { seq: number }>(
    accounts.map(() => part).join(' UNION ALL '),
    accounts.flatMap((account) => (fullHosts.length === 0 ? [account] : [account, fullHosts])),
  );
  return rows.sort((a, b) => Number(a.seq) - Number(b.seq));
}

/** What is under way, in all and per host; `active`: what does not say that it waits for something. */
export async function readLoad(
  tx: Tx,
): Promise<{ running: number; active: number; runningPerHost: Map<string, number> }> {
  const rows = await tx.query<{ hostId: string | null; running: number; active: number }>(
    `SELECT ${HOST} AS hostId, COUNT(*) AS running, SUM(active) AS active FROM (
         SELECT kind, resource_type, resource_id, step_detail IS NULL AS active FROM operation WHERE state = 'running'
         UNION ALL SELECT kind, resource_type, resource_id, 1 FROM operation WHERE state = 'granted' AND dispatched_at IS NOT NULL) o
       LEFT JOIN virtual_machine v ON o.resource_type = 'virtual-machine' AND v.id = o.resource_id
      GROUP BY hostId`,
  );
  const runningPerHost = new Map<string, number>();
  let [running, active] = [0, 0];
  for (const row of rows) {
    running += Number(row.running);
    active += Number(row.active);
    if (row.hostId !== null) runningPerHost.set(row.hostId, Number(row.running));
  }
  return { running, active, runningPerHost };
}

/** Notes that workflows were started for these runs. */
export async function markDispatched(tx: Tx, runs: readonly { id: string; run: number }[]): Promise<void> {
  if (runs.length === 0) return;
  await tx.execute(
    `UPDATE operation SET dispatched_at = NOW(3) WHERE state = 'granted' AND (${runs.map(() => '(id = ? AND run = ?)').join(' OR ')})`,
    runs.flatMap(({ id, run }) => [id, run]),
  );
}

/** Operations whose workflow should be looked up: started but not begun, or running but silent. */
export function readSuspects(tx: Tx): Promise<{ id: string; run: number; state: string }[]> {
  return tx.query(
    `SELECT id, run, state FROM operation WHERE state = 'granted' AND dispatched_at < NOW(3) - INTERVAL ${BEGIN_WITHIN_S} SECOND
     UNION ALL
     SELECT id, run, state FROM operation WHERE state = 'running' AND touched_at < NOW(3) - INTERVAL ${SILENT_AFTER_S} SECOND
     LIMIT 500`,
  );
}

/** The workflow of this run is there: it is looked up again after another while. */
export async function markAlive(tx: Tx, id: string, run: number): Promise<void> {
  await tx.execute(
    "UPDATE operation SET touched_at = NOW(3), dispatched_at = COALESCE(dispatched_at, NOW(3)) WHERE id = ? AND run = ? AND state = 'running'",
    [id, run],
  );
  await tx.execute("UPDATE operation SET dispatched_at = NOW(3) WHERE id = ? AND run = ? AND state = 'granted'", [
    id,
    run,
  ]);
}

/** The workflow of this run is gone without having ended the operation: the next run goes on from the row. */
export async function markRunLost(tx: Tx, id: string, run: number): Promise<boolean> {
  const { affectedRows } = await tx.execute(
    "UPDATE operation SET state = 'granted', run = run + 1, dispatched_at = NULL, touched_at = NOW(3) WHERE id = ? AND run = ? AND state IN ('granted', 'running')",
    [id, run],
  );
  return affectedRows > 0;
}

/** Running operations whose cancel has to be signalled, for the first time or again. */
export async function readCancels(tx: Tx): Promise<{ id: string; run: number }[]> {
  return tx.query(
    `SELECT id, run FROM operation WHERE state = 'running' AND direction = 'forward' AND cancel_requested_at IS NOT NULL
      AND (cancel_signalled = 0 OR touched_at < NOW(3) - INTERVAL ${RESIGNAL_AFTER_S} SECOND) LIMIT 500`,
  );
}

/** The cancel of this run was signalled. */
export async function markSignalled(tx: Tx, id: string, run: number): Promise<void> {
  await tx.execute('UPDATE operation SET cancel_signalled = 1, touched_at = NOW(3) WHERE id = ? AND run = ?', [
    id,
    run,
  ]);
}

/**
 * Grants what waits for nothing any more: the safety net below the grants at the end of operations.
 *
 * @param afterSeq looks at the next few behind this one
 * @returns how many were granted, and where the next call goes on; 0 from the beginning
 */
export async function grantForgotten(source: DataSource, afterSeq = 0): Promise<{ granted: number; nextSeq: number }> {
  const looked = await transaction(source, (tx) =>
    tx.query<{ id: string; seq: number; free: number }>(
      `SELECT o.id, o.seq, NOT EXISTS (
           SELECT 1 FROM ${EARLIER_CONFLICTS}
            WHERE mine.operation_id = o.id) AS free
         FROM (SELECT id, seq FROM operation WHERE state = 'queued' AND seq > ? ORDER BY seq LIMIT ${FORGOTTEN_AT_ONCE}) o`,
      [afterSeq],
    ),
  );
  let granted = 0;
  for (const { id, free } of looked)
    if (Number(free) === 1 && (await transaction(source, (tx) => grantIfFree(tx, id)))) granted += 1;
  const last = Math.max(0, ...looked.map(({ seq }) => Number(seq)));
  return { granted, nextSeq: looked.length < FORGOTTEN_AT_ONCE ? 0 : last };
}
