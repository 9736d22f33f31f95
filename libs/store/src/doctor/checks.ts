/** What the scheduled check of the doctor wrote down. */
import { transaction, type Tx } from '../database/transaction.js';
import type { DataSource } from 'typeorm';
import { readSetting } from '../operations/settings.js';
import { clearAlerts, raiseAlert, type AlertReason } from './alerts.js';

const LAST = 'doctor-last-check';
const WANTED = 'doctor-wanted';
/** A finding must be seen in so many checks before it is an alert. */
const CHECKS_BEFORE_ALERT = 2;
/** These raise theirs when they come about. */
const AT_ONCE = new Set(['operation-needs-attention']);
const ROWS_AT_ONCE = 200;

/** A finding as it is kept. */
export interface KeptFinding {
  readonly id: string;
  readonly kind: string;
  readonly severity: string;
  readonly resource: { readonly type: string; readonly id: string };
  readonly what: string;
}

/** The latest check as a whole. */
export interface LastCheck {
  /** ISO 8601: when it began, by the database's clock. What was so before is in it. */
  readonly checkedAt: string;
  readonly durationMs: number;
  readonly hosts: { readonly asked: number; readonly answered: number };
  readonly comparedTemporal: boolean;
}

/** A finding with when it was seen. */
export interface SeenFinding<F> {
  readonly finding: F;
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
}

/** Now, by the database's clock, as ISO 8601. */
export async function databaseNow(tx: Tx): Promise<string> {
  const [row] = await tx.query<{ now: string }>("SELECT DATE_FORMAT(UTC_TIMESTAMP(3), '%Y-%m-%dT%T.%fZ') AS now");
  return row?.now ?? '';
}

async function writeSetting(tx: Tx, name: string, value: string): Promise<void> {
  await tx.execute('INSERT INTO setting (name, value) VALUES (?, ?) ON DUPLICATE KEY UPDATE value = VALUES(value)', [
    name,
    value,
  ]);
}

/**
 * Writes a check down: what is found still, what is new, what is gone; raises alerts and clears them.
 *
 * @param worries reasons of alerts beside the findings: what is in order, but should not stay so
 */
export function recordCheck(
  source: DataSource,
  findings: readonly KeptFinding[],
  check: LastCheck,
  worries: readonly AlertReason[] = [],
): Promise<{ raised: number; cleared: number }> {
  return transaction(source, async (tx) => {
    for (let at = 0; at < findings.length; at += ROWS_AT_ONCE) {
      const part = findings.slice(at, at + ROWS_AT_ONCE);
      await tx.execute(
        `INSERT INTO doctor_finding (id, kind, severity, finding_json, checks, first_seen_at, last_seen_at)
         VALUES ${part.map(() => '(?, ?, ?, ?, 1, NOW(3), NOW(3))').join(', ')}
         ON DUPLICATE KEY UPDATE finding_json = VALUES(finding_json), checks = checks + 1, last_seen_at = NOW(3)`,
        part.flatMap((found) => [found.id, found.kind, found.severity, JSON.stringify(found)]),
      );
    }
    const ids = findings.map(({ id }) => id);
    if (ids.length > 0) await tx.execute('DELETE FROM doctor_finding WHERE id NOT IN (?)', [ids]);
    else await tx.execute('DELETE FROM doctor_finding');
    const settled = await tx.query<{ id: string }>('SELECT id FROM doctor_finding WHERE checks >= ?', [
      CHECKS_BEFORE_ALERT,
    ]);
    const due = new Set(settled.map(({ id }) => id));
    let raised = 0;
    for (const { id, kind, resource, what } of findings) {
      if (!due.has(id) && !AT_ONCE.has(kind)) continue;
      if (await raiseAlert(tx, { key: id, resource, description: what })) raised += 1;
    }
    for (const worry of worries) if (await raiseAlert(tx, worry)) raised += 1;
    const cleared = await clearAlerts(tx, [...ids, ...worries.map(({ key }) => key)]);
    await writeSetting(tx, LAST, JSON.stringify(check));
    return { raised, cleared };
  });
}

/** The latest check; undefined before the first. */
export async function readLastCheck(tx: Tx): Promise<LastCheck | undefined> {
  const value = await readSetting(tx, LAST);
  return value === undefined ? undefined : (JSON.parse(value) as LastCheck);
}

/** What the latest check found, errors first. */
export async function readSeenFindings<F>(tx: Tx): Promise<SeenFinding<F>[]> {
  const rows = await tx.query<{ json: string; firstSeenAt: Date; lastSeenAt: Date }>(
    `SELECT finding_json AS json, first_seen_at AS firstSeenAt, last_seen_at AS lastSeenAt FROM doctor_finding ORDER BY severity, kind, id`,
  );
  return rows.map(({ json, ...seen }) => ({ finding: JSON.parse(json) as F, ...seen }));
}

/** How many findings there are of each kind. */
export function countFindings(tx: Tx): Promise<{ kind: string; severity: string; count: number }[]> {
  return tx.query('SELECT kind, severity, COUNT(*) AS count FROM doctor_finding GROUP BY kind, severity');
}

/** Asks for a check now. @returns the moment; a check with a later or equal `checkedAt` is an answer */
export async function wantCheck(tx: Tx): Promise<string> {
  const now = await databaseNow(tx);
  await writeSetting(tx, WANTED, now);
  return now;
}

/** Whether a check is due: somebody asked for one, or the latest is so old. */
export async function checkIsDue(tx: Tx, intervalMs: number): Promise<boolean> {
  const last = await readLastCheck(tx);
  if (!last) return true;
  const [now, wanted] = [await databaseNow(tx), await readSetting(tx, WANTED)];
  return (
    (wanted !== undefined && wanted > last.checkedAt) || Date.parse(now) - Date.parse(last.checkedAt) >= intervalMs
  );
}
