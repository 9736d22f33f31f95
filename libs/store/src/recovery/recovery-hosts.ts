/** What recovery still has to ask of hosts, and what they said. */
import type { HostInventory, PoolSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import type { DataSource } from 'typeorm';
import { transaction, type Tx } from '../database/transaction.js';
import { transitionIfAllowed } from '../operations/state-rows.js';
import { POOL_SPEC_COLUMNS, toPoolSpec, type PoolSpecRow } from '../storage/pool-spec.js';
import type { RecoveryFinding } from './recovery-view.js';
import { activeRecovery, beginRecoveryIn, writeRecoveryEvent } from './recovery-state.js';

/** A host that has not told yet is asked again after this. */
const ASK_AGAIN_S = 2;

/** A host to be read. */
export interface HostToRead {
  readonly id: string;
  readonly url: string;
  /** The pools in its reach. */
  readonly pools: readonly PoolSpec[];
}

/** The next hosts to be read, those that were not asked for longest first; they count as asked. */
export async function takeHostsToRead(tx: Tx, limit: number): Promise<HostToRead[]> {
  const rows = await tx.query<{ id: string; url: string }>(
    `SELECT h.id, h.agent_url AS url FROM recovery_host r JOIN host h ON h.id = r.host_id
      WHERE r.state = 'pending' AND (r.attempted_at IS NULL OR r.attempted_at < NOW(3) - INTERVAL ${ASK_AGAIN_S} SECOND)
      ORDER BY r.attempted_at, r.host_id LIMIT ?`,
    [limit],
  );
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  await tx.execute('UPDATE recovery_host SET attempted_at = NOW(3) WHERE host_id IN (?)', [ids]);
  const pools = await tx.query<PoolSpecRow & { hostId: string }>(
    `SELECT h.id AS hostId, ${POOL_SPEC_COLUMNS} FROM host h JOIN storage_pool p ON p.zone_id = h.zone_id
        AND (p.host_id IS NULL OR p.host_id = h.id) AND (p.cluster_id IS NULL OR p.cluster_id = h.cluster_id)
      WHERE h.id IN (?) AND p.state <> 'Removed'`,
    [ids],
  );
  return rows.map((row) => ({
    ...row,
    pools: pools.filter(({ hostId }) => hostId === row.id).map(toPoolSpec),
  }));
}

/** What a host told. */
export interface HostReading {
  readonly hostId: string;
  readonly controlEpoch: number;
  readonly incarnation: number;
  readonly certificateSerial: string;
  readonly inventory: HostInventory;
}

/**
 * Records a reading. The certificate that the host shows may have been renewed after the backup: it was verified
 * against the authority, so it is the one that counts from now on.
 */
export async function recordReading(source: DataSource, reading: HostReading): Promise<void> {
  const { hostId, controlEpoch, incarnation, certificateSerial, inventory } = reading;
  await transaction(source, async (tx) => {
    const { vms, volumes, networks } = inventory;
    await tx.execute(
      `UPDATE recovery_host SET state = 'read', control_epoch = ?, inventory_json = ?, error = NULL
        WHERE host_id = ? AND state = 'pending'`,
      [controlEpoch, JSON.stringify({ vms, volumes, networks }), hostId],
    );
    await tx.execute(
      `UPDATE host SET incarnation = ?, certificate_serial = ?, next_certificate_serial = NULL
        WHERE id = ? AND state <> 'Removed' AND (incarnation <> ? OR LOWER(certificate_serial) <> LOWER(?))`,
      [incarnation, certificateSerial, hostId, incarnation, certificateSerial],
    );
  });
}

/** Notes why a host could not be read. */
export async function recordSilence(tx: Tx, hostId: string, error: string): Promise<void> {
  await tx.execute("UPDATE recovery_host SET error = ? WHERE host_id = ? AND state = 'pending'", [
    error.slice(0, 1_000),
    hostId,
  ]);
}

/** A pause of all heartbeats that a restart does not explain. */
const LONG_PAUSE_S = 60;

/**
 * How many hosts are up by the rows and were not heard for a minute. Then the rows are old: the control plane was away for
 * long, or the database was restored; else they would have been declared silent.
 */
export async function countUnheard(tx: Tx): Promise<number> {
  const [row] = await tx.query<{ unheard: number }>(
    `SELECT COUNT(*) AS unheard FROM host WHERE state = 'Up' AND last_heartbeat_at < NOW(3) - INTERVAL ${LONG_PAUSE_S} SECOND`,
  );
  return Number(row?.unheard ?? 0);
}

/** Whether no host has to be read any more. */
export async function allHostsKnown(tx: Tx): Promise<boolean> {
  const rows = await tx.query("SELECT 1 FROM recovery_host WHERE state = 'pending' LIMIT 1");
  return rows.length === 0;
}

/**
 * Writes a host off: an administrator's word that nothing runs there any more.
 *
 * @throws DurastackError NOT_ALLOWED_IN_STATE when no recovery is active, or the host was read; NOT_FOUND
 */
export async function writeOffHost(source: DataSource, hostId: string): Promise<void> {
  await transaction(source, async (tx) => {
    if (!(await activeRecovery(tx)))
      throw new DurastackError('NOT_ALLOWED_IN_STATE', 'No recovery is active, so no host is waited for.');
    const [row] = await tx.query<{ state: string; name: string }>(
      'SELECT r.state, h.name FROM recovery_host r JOIN host h ON h.id = r.host_id WHERE r.host_id = ? FOR UPDATE',
      [hostId],
    );
    if (!row) throw new DurastackError('NOT_FOUND', `Recovery knows no host ${hostId}.`);
    if (row.state === 'read')
      throw new DurastackError('NOT_ALLOWED_IN_STATE', `Host ${row.name} was read; it need not be written off.`);
    await tx.execute("UPDATE recovery_host SET state = 'written-off' WHERE host_id = ?", [hostId]);
    // That it is Up again is how its return will be noticed.
    await transitionIfAllowed(tx, { type: 'host', id: hostId }, 'HeartbeatMissed');
    await writeRecoveryEvent(tx, 'WARN', `Host ${row.name} was written off during recovery.`);
  });
}

/** Begins recovery anew when a host that was written off reports again: what runs there is looked at after all. */
export async function reopenForReturned(source: DataSource): Promise<boolean> {
  return transaction(source, async (tx) => {
    const [back] = await tx.query<{ name: string }>(
      `SELECT h.name FROM recovery_host r JOIN host h ON h.id = r.host_id
        WHERE r.state = 'written-off' AND h.state = 'Up' LIMIT 1`,
    );
    if (!back) return false;
    return beginRecoveryIn(tx, { reason: `host ${back.name}, which was written off, reports again`, byCommand: true });
  });
}

/** Puts findings in the place of all earlier ones, except for hosts without a row, which only their reports show. */
export async function replaceFindings(tx: Tx, findings: readonly RecoveryFinding[]): Promise<void> {
  await tx.execute("DELETE FROM recovery_finding WHERE kind <> 'unknown-host'");
  for (const finding of findings) await addFinding(tx, finding);
}

/** Notes a host that shows our certificate and has no row, which can only be after a restore. */
export async function noteStranger(tx: Tx, hostId: string): Promise<void> {
  const restored = await tx.query("SELECT 1 FROM setting WHERE name IN ('recovery', 'last-recovery') LIMIT 1");
  if (restored.length === 0) return;
  const message = `Host ${hostId} reports under our certificate and has no row: add it again.`;
  await addFinding(tx, { kind: 'unknown-host', subject: `host:${hostId}`, hostId, message });
}

async function addFinding(tx: Tx, { kind, subject, hostId, message }: RecoveryFinding): Promise<void> {
  await tx.execute(
    `INSERT INTO recovery_finding (kind, subject, host_id, message, created_at) VALUES (?, ?, ?, ?, NOW(3))
     ON DUPLICATE KEY UPDATE message = VALUES(message)`,
    [kind, subject, hostId ?? null, message],
  );
}
