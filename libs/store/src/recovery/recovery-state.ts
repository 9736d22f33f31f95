/**
 * Recovery mode: the database was restored from an older backup, and what it says is not to be believed until every
 * host was looked at.
 *
 * Active as long as the setting `recovery` exists. While it is, nothing is accepted and nothing is started.
 */
import { DurastackError } from '@durastack/contracts/errors';
import { newId } from '@durastack/kit/ids/new-id';
import type { DataSource } from 'typeorm';
import { transaction, type Tx } from '../database/transaction.js';
import { controlEpoch, readSetting } from '../operations/settings.js';

const ACTIVE = 'recovery';
const LAST = 'last-recovery';
/** Above every run that the time after the backup may have used: workflow ids are never used twice. */
const RUN_LEAP = 1_000;
/** A recovery that began by itself does so once in this time: a host that lies must not hold the cloud for ever. */
const BY_ITSELF_AGAIN_S = 600;

/** An active recovery. */
export interface RecoveryState {
  /** ISO 8601, by the database's clock. */
  readonly startedAt: string;
  /** What proves that the database is older than the hosts. */
  readonly reason: string;
  /** Whether it was begun by command. */
  readonly byCommand: boolean;
  /**
   * False: hosts obey a higher epoch than this database knows. Either it was restored from before an earlier
   * recovery, or another control plane runs these hosts: a person decides, by the command.
   */
  readonly confirmed: boolean;
  /** The highest epoch that a host has shown. */
  readonly seenEpoch: number;
}

/** Why recovery begins. */
export interface RecoveryCause {
  readonly reason: string;
  readonly byCommand: boolean;
  /** The highest epoch that a host has shown, if it was more than the database's. */
  readonly seenEpoch?: number;
}

/** The active recovery, if there is one. */
export async function activeRecovery(tx: Tx): Promise<RecoveryState | undefined> {
  const value = await readSetting(tx, ACTIVE);
  return value === undefined ? undefined : (JSON.parse(value) as RecoveryState);
}

/** RECOVERING while recovery is active. */
export async function refuseInRecovery(tx: Tx): Promise<void> {
  const state = await activeRecovery(tx);
  if (!state) return;
  const next = state.confirmed
    ? 'It ends by itself when every host was looked at'
    : 'It waits for an administrator (dura recover)';
  throw new DurastackError(
    'RECOVERING',
    `The database was restored from a backup (${state.reason}); nothing is changed meanwhile. ${next}; see GET /api/v1/recovery.`,
  );
}

/** Begins recovery, or confirms one that waits for it. @returns whether anything was done */
export function beginRecovery(source: DataSource, cause: RecoveryCause): Promise<boolean> {
  return transaction(source, (tx) => beginRecoveryIn(tx, cause));
}

/** As {@link beginRecovery}, as part of the caller's transaction. */
export async function beginRecoveryIn(tx: Tx, cause: RecoveryCause): Promise<boolean> {
  const [row] = await tx.query<{ value: string }>("SELECT value FROM setting WHERE name = 'control-epoch' FOR UPDATE");
  if (!row) await controlEpoch(tx);
  const epoch = Number(row?.value);
  const active = await activeRecovery(tx);
  if (active && !cause.byCommand) return false;
  const seenEpoch = Math.max(cause.seenEpoch ?? 0, active?.seenEpoch ?? 0, await highestAdopted(tx));
  const confirmed = cause.byCommand || seenEpoch <= epoch;
  if (confirmed) await writeEpoch(tx, Math.max(epoch, seenEpoch) + 1);
  await tx.execute(
    `UPDATE operation SET run = run + ${RUN_LEAP}, state = 'granted', dispatched_at = NULL, cancel_signalled = 0, touched_at = NOW(3)
      WHERE state IN ('granted', 'running')`,
  );
  await tx.execute('DELETE FROM recovery_finding');
  await tx.execute('DELETE FROM recovery_host');
  await tx.execute(
    `INSERT INTO recovery_host (host_id, state, control_epoch) SELECT id, 'pending', 0 FROM host
      WHERE state <> 'Removed' AND agent_url IS NOT NULL AND certificate_serial IS NOT NULL`,
  );
  const state: Omit<RecoveryState, 'startedAt'> = {
    reason: cause.reason,
    byCommand: cause.byCommand,
    confirmed,
    seenEpoch,
  };
  await writeState(tx, state);
  await writeRecoveryEvent(tx, 'WARN', `Recovery began: ${cause.reason}.`);
  return true;
}

async function highestAdopted(tx: Tx): Promise<number> {
  const rows = await tx.query<{ epoch: number | null }>('SELECT MAX(control_epoch) AS epoch FROM recovery_host');
  return Number(rows[0]?.epoch ?? 0);
}

async function writeEpoch(tx: Tx, epoch: number): Promise<void> {
  await tx.execute("UPDATE setting SET value = ? WHERE name = 'control-epoch'", [String(epoch)]);
}

async function writeState(tx: Tx, state: Omit<RecoveryState, 'startedAt'>): Promise<void> {
  const [now] = await tx.query<{ now: string }>("SELECT DATE_FORMAT(UTC_TIMESTAMP(3), '%Y-%m-%dT%T.%fZ') AS now");
  await tx.execute('INSERT INTO setting (name, value) VALUES (?, ?) ON DUPLICATE KEY UPDATE value = VALUES(value)', [
    ACTIVE,
    JSON.stringify({ startedAt: now?.now, ...state }),
  ]);
}

/** Goes above an epoch that a host has shown although this recovery's was meant to be the highest; all hosts are asked anew. */
export async function raiseAbove(source: DataSource, seenEpoch: number): Promise<void> {
  await transaction(source, async (tx) => {
    const [row] = await tx.query<{ value: string }>(
      "SELECT value FROM setting WHERE name = 'control-epoch' FOR UPDATE",
    );
    const state = await activeRecovery(tx);
    if (!state || Number(row?.value) > seenEpoch) return;
    const { startedAt: _begun, ...rest } = state;
    // Begun by command, it goes above whatever there was; begun by itself, it asks first.
    if (!state.byCommand) return writeState(tx, { ...rest, confirmed: false, seenEpoch });
    await writeEpoch(tx, seenEpoch + 1);
    await tx.execute("UPDATE recovery_host SET state = 'pending' WHERE state = 'read'");
    return undefined;
  });
}

/** Ends recovery. @returns false when it was not active */
export async function endRecovery(tx: Tx, summary: string): Promise<boolean> {
  const state = await activeRecovery(tx);
  const { affectedRows } = await tx.execute('DELETE FROM setting WHERE name = ?', [ACTIVE]);
  if (!state || affectedRows === 0) return false;
  await tx.execute('INSERT INTO setting (name, value) VALUES (?, ?) ON DUPLICATE KEY UPDATE value = VALUES(value)', [
    LAST,
    JSON.stringify({ ...state, endedAtMs: await nowMs(tx) }),
  ]);
  await tx.execute('UPDATE recovery_host SET inventory_json = NULL');
  await writeRecoveryEvent(tx, 'INFO', `Recovery ended: ${summary}.`);
  return true;
}

async function nowMs(tx: Tx): Promise<number> {
  const [row] = await tx.query<{ ms: number }>('SELECT ROUND(UNIX_TIMESTAMP(NOW(3)) * 1000) AS ms');
  return Number(row?.ms);
}

/** What a host says it was told last. */
export interface NewestSeen {
  readonly controlEpoch: number;
  readonly generation: number;
}

/**
 * Begins recovery when a host was told more than this database has ever given out: then it was restored.
 *
 * Only heartbeats are listened to, not refusals of verbs: hosts report to the control plane that they belong to, so a
 * second one that was forgotten somewhere learns nothing and stays harmless.
 */
export async function noticeRestore(tx: Tx, seen: readonly NewestSeen[]): Promise<boolean> {
  if (seen.length === 0) return false;
  const [row] = await tx.query<{
    epoch: string | null;
    generation: number | null;
    active: string | null;
    last: string | null;
  }>(
    `SELECT (SELECT value FROM setting WHERE name = 'control-epoch') AS epoch, (SELECT MAX(generation) FROM operation_run) AS generation,
       (SELECT value FROM setting WHERE name = ?) AS active, (SELECT value FROM setting WHERE name = ?) AS last`,
    [ACTIVE, LAST],
  );
  if (!row || row.epoch === null || row.active !== null) return false;
  const epoch = Number(row.epoch);
  const given = Number(row.generation ?? 0);
  const newest = seen.reduce((a, b) => (later(b, a) ? b : a));
  if (newest.controlEpoch < epoch || (newest.controlEpoch === epoch && newest.generation <= given)) return false;
  if (await beganByItselfLately(tx, row.last)) return false;
  const told = `a host was told ${newest.controlEpoch}.${newest.generation}, this database has given out ${epoch}.${given}`;
  const seenEpoch = newest.controlEpoch > epoch ? { seenEpoch: newest.controlEpoch } : {};
  return beginRecoveryIn(tx, { reason: told, byCommand: false, ...seenEpoch });
}

function later(a: NewestSeen, b: NewestSeen): boolean {
  return a.controlEpoch > b.controlEpoch || (a.controlEpoch === b.controlEpoch && a.generation > b.generation);
}

async function beganByItselfLately(tx: Tx, last: string | null): Promise<boolean> {
  if (last === null) return false;
  const { byCommand, endedAtMs } = JSON.parse(last) as { byCommand: boolean; endedAtMs: number };
  return !byCommand && (await nowMs(tx)) - endedAtMs < BY_ITSELF_AGAIN_S * 1_000;
}

/** The type of events of recovery, which no command has. */
export const RECOVERY_EVENT = 'RECOVERY';

/** An event of the control plane itself, in the name of the root administrator's account. */
export async function writeRecoveryEvent(tx: Tx, level: 'INFO' | 'WARN', description: string): Promise<void> {
  const [root] = await tx.query<{ id: string; domainId: string }>(
    `SELECT a.id, a.domain_id AS domainId FROM account a JOIN domain d ON d.id = a.domain_id
      WHERE a.role = 'admin' AND d.parent_id IS NULL ORDER BY a.created_at, a.id LIMIT 1`,
  );
  if (!root) return;
  await tx.execute(
    `INSERT INTO event (id, account_id, domain_id, type, level, state, description, created_at)
     VALUES (?, ?, ?, ?, ?, 'Completed', ?, NOW(3))`,
    [newId(), root.id, root.domainId, RECOVERY_EVENT, level, description],
  );
}
