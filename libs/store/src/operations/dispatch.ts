/** What the dispatcher and the sweep read and write: the rows that the loops in the workers turn on. */
import { transaction, type Tx } from '../database/transaction.js';
import type { DataSource } from 'typeorm';
import { grantIfFree } from './grant.js';

/** How many of one account's operations one round looks at: enough to fill every slot. */
const PER_ACCOUNT = 64;
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

/** Granted operations to start, the first few of every account, in order of acceptance. */
export function readStartable(tx: Tx): Promise<StartableRow[]> {
  return tx.query<StartableRow>(
    `SELECT o.id, o.kind, o.run, o.summary, o.account_id AS accountId, o.domain_id AS domainId, o.zone_id AS zoneId, o.resource_type AS resourceType,
       o.resource_id AS resourceId, o.direction, v.host_id AS hostId
     FROM (SELECT g.id, ROW_NUMBER() OVER (PARTITION BY g.account_id ORDER BY g.seq) AS place FROM operation g
            WHERE g.state = 'granted' AND g.dispatched_at IS NULL) p
     JOIN operation o ON o.id = p.id
     LEFT JOIN virtual_machine v ON o.resource_type = 'virtual-machine' AND v.id = o.resource_id
     WHERE p.place <= ${PER_ACCOUNT} ORDER BY o.seq`,
  );
}

/** What is under way, in all and per host. */
export async function readLoad(tx: Tx): Promise<{ running: number; runningPerHost: Map<string, number> }> {
  const rows = await tx.query<{ hostId: string | null; running: number }>(
    `SELECT v.host_id AS hostId, COUNT(*) AS running FROM operation o
       LEFT JOIN virtual_machine v ON o.resource_type = 'virtual-machine' AND v.id = o.resource_id
      WHERE o.state = 'running' OR (o.state = 'granted' AND o.dispatched_at IS NOT NULL) GROUP BY v.host_id`,
  );
  const runningPerHost = new Map<string, number>();
  let running = 0;
  for (const row of rows) {
    running += Number(row.running);
    if (row.hostId !== null) runningPerHost.set(row.hostId, Number(row.running));
  }
  return { running, runningPerHost };
}

/** Notes that a workflow was started for this run. */
export async function markDispatched(tx: Tx, id: string, run: number): Promise<void> {
  await tx.execute("UPDATE operation SET dispatched_at = NOW(3) WHERE id = ? AND run = ? AND state = 'granted'", [
    id,
    run,
  ]);
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

/** Grants what waits for nothing any more: the safety net below the grants at the end of operations. */
export async function grantForgotten(source: DataSource): Promise<number> {
  const free = await transaction(source, (tx) =>
    tx.query<{ id: string }>(
      `SELECT o.id FROM operation o WHERE o.state = 'queued' AND NOT EXISTS (
         SELECT 1 FROM operation_lock mine JOIN operation_lock other ON other.resource_type = mine.resource_type AND other.resource_id = mine.resource_id
            AND other.seq < mine.seq AND (other.mode = 'exclusive' OR mine.mode = 'exclusive')
          WHERE mine.operation_id = o.id) ORDER BY o.seq LIMIT 500`,
    ),
  );
  let granted = 0;
  for (const { id } of free) if (await transaction(source, (tx) => grantIfFree(tx, id))) granted += 1;
  return granted;
}
