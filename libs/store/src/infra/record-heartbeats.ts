/** Writes what hosts report: many heartbeats in one transaction. */
import type { Heartbeat } from '@durastack/contracts/agent/wire';
import type { DataSource } from 'typeorm';
import { transaction, type Tx } from '../database/transaction.js';
import { transitionAll } from '../operations/state-rows.js';
import { noteStranger } from '../recovery/recovery-hosts.js';
import { noteMounts } from '../proof/lock-trials.js';
import { noteStorageAddresses } from '../proof/storage-addresses.js';
import { writeHostUse } from './host-usage.js';
import { noticeRestore } from '../recovery/recovery-state.js';

/** A heartbeat whose sender's certificate was verified. */
export interface ReceivedHeartbeat {
  readonly heartbeat: Heartbeat;
  /** Hexadecimal serial number of the certificate. */
  readonly serial: string;
}

/** What became of a heartbeat. `refused`: the certificate is no longer the host's; `recheck`: send all machines again. */
export type Reception = 'recorded' | 'recheck' | 'refused';

/**
 * An operation's own observation is newer than what a report that was under way says. Machines that a full report
 * contradicts so soon are left to the next one.
 */
const FRESH_SECONDS = 5;

interface HostRow {
  readonly id: string;
  readonly state: string;
  readonly zone_id: string;
  readonly incarnation: number;
  readonly boot_id: string | null;
  readonly certificate_serial: string | null;
  readonly next_certificate_serial: string | null;
}

/** Otherwise it is text of any language, for which not every server finds rows by an index of ids. */
const ID = 'CONVERT(? USING ascii) COLLATE ascii_bin';

/** Rows of a derived table: `SELECT ? AS a, ? AS b UNION ALL SELECT ?, ? …`; the column `id` holds ids. */
function derived(columns: readonly string[], count: number): string {
  const values = columns.map((column) => (column === 'id' ? ID : '?'));
  const first = `SELECT ${columns.map((column, index) => `${values[index]} AS ${column}`).join(', ')}`;
  const further = `SELECT ${values.join(', ')}`;
  return [first, ...Array.from({ length: count - 1 }, () => further)].join(' UNION ALL ');
}

/**
 * Records heartbeats: facts, the time by the database's clock, power states of the machines that are on the very
 * host, sizes of pools that it reaches. A host that was disconnected is up again.
 *
 * @param received at most one for each host
 * @returns by host id
 */
export async function recordHeartbeats(
  source: DataSource,
  received: readonly ReceivedHeartbeat[],
): Promise<Map<string, Reception>> {
  return transaction(source, async (tx) => {
    const rows = await tx.query<HostRow>(
      'SELECT id, state, zone_id, incarnation, boot_id, certificate_serial, next_certificate_serial FROM host WHERE id IN (?)',
      [received.map(({ heartbeat }) => heartbeat.hostId)],
    );
    const hosts = new Map(rows.map((row) => [row.id, row]));
    const outcome = new Map<string, Reception>();
    const accepted = received.filter((one) => {
      const allowed = isOf(hosts.get(one.heartbeat.hostId), one);
      outcome.set(one.heartbeat.hostId, allowed ? 'recorded' : 'refused');
      return allowed;
    });
    for (const { heartbeat } of received) if (!hosts.has(heartbeat.hostId)) await noteStranger(tx, heartbeat.hostId);
    if (accepted.length === 0) return outcome;
    await noticeRestore(
      tx,
      accepted.flatMap(({ heartbeat: { newest } }) => (newest ? [newest] : [])),
    );
    const restarted = accepted.flatMap(({ heartbeat }) =>
      isRestart(hosts.get(heartbeat.hostId), heartbeat) ? [heartbeat.hostId] : [],
    );
    await noteCrashes(tx, restarted);
    await writeFacts(tx, accepted);
    await writeHostUse(
      tx,
      accepted.map(({ heartbeat }) => heartbeat),
    );
    const reporting = accepted.map(({ heartbeat: { hostId } }) => hostId);
    const again = reporting.filter((id) => hosts.get(id)?.state === 'Disconnected');
    await transitionAll(tx, { type: 'host', ids: again, from: 'Disconnected' }, 'HeartbeatSeen');
    await writePowers(tx, accepted, restarted);
    await noteReach(tx, accepted);
    for (const hostId of await writeAbsent(tx, accepted)) outcome.set(hostId, 'recheck');
    await writePools(tx, accepted, hosts);
    return outcome;
  });
}

/** By what ways hosts reach their pools: what proofs at the storage rest on. */
async function noteReach(tx: Tx, accepted: readonly ReceivedHeartbeat[]): Promise<void> {
  const reported = accepted.map(({ heartbeat: { hostId, facts, pools = [] } }) => ({
    ...{ hostId, bootId: facts.bootId, pools },
  }));
  await noteStorageAddresses(tx, reported);
  await noteMounts(tx, reported);
}

function isOf(host: HostRow | undefined, { heartbeat, serial }: ReceivedHeartbeat): boolean {
  return (
    host !== undefined &&
    host.state !== 'Removed' &&
    host.incarnation === heartbeat.incarnation &&
    // While a certificate is renewed the agent may show the old one or the new one.
    host.certificate_serial !== null &&
    [host.certificate_serial, host.next_certificate_serial].some(
      (known) => known?.toLowerCase() === serial.toLowerCase(),
    )
  );
}

const FACTS = [
  'id',
  'boot_id',
  'accelerator',
  'agent_version',
  'hypervisor_version',
  'cpu_count',
  'cpu_mhz',
  'memory_mib',
  'cpu_percent',
  'memory_used',
  'watchdog_period',
  'watchdog_lease',
] as const;

async function writeFacts(tx: Tx, accepted: readonly ReceivedHeartbeat[]): Promise<void> {
  const values = accepted.flatMap(({ heartbeat: { hostId, facts, usage, watchdog } }) => [
    hostId,
    facts.bootId,
    facts.accelerator,
    facts.agentVersion,
    facts.hypervisorVersion,
    facts.cpuCount,
    facts.cpuMhz,
    facts.memoryMib,
    usage?.cpuPercent ?? null,
    usage?.memoryUsedMib ?? null,
    watchdog?.periodMs ?? null,
    watchdog?.leaseMs ?? null,
  ]);
  await tx.execute(
    `UPDATE host h JOIN (${derived(FACTS, accepted.length)}) n ON n.id = h.id
        SET h.boot_id = n.boot_id, h.accelerator = n.accelerator, h.agent_version = n.agent_version,
            h.hypervisor_version = n.hypervisor_version, h.cpu_count = n.cpu_count, h.cpu_mhz = n.cpu_mhz,
            h.memory_mib = n.memory_mib, h.cpu_percent_used = COALESCE(n.cpu_percent, h.cpu_percent_used),
            h.memory_mib_used = COALESCE(n.memory_used, h.memory_mib_used),
            h.watchdog_period_ms = n.watchdog_period, h.watchdog_lease_ms = n.watchdog_lease, h.last_heartbeat_at = NOW(3)`,
    values,
  );
}

const isRestart = (host: HostRow | undefined, { facts }: Heartbeat): boolean =>
  host !== undefined && host.boot_id !== null && host.boot_id !== facts.bootId;

/** A host that was started anew has ended all that ran there, unasked. */
async function noteCrashes(tx: Tx, restarted: readonly string[]): Promise<void> {
  if (restarted.length === 0) return;
  await tx.execute("UPDATE virtual_machine SET crashed_at = NOW(3) WHERE host_id IN (?) AND state = 'Running'", [
    restarted,
  ]);
}

/** Machines by host and power; only those that are on the host which reports them are touched. */
async function writePowers(
  tx: Tx,
  accepted: readonly ReceivedHeartbeat[],
  restarted: readonly string[],
): Promise<void> {
  const seen = accepted.flatMap(({ heartbeat }) =>
    heartbeat.vms.map((vm) => [
      ...[
        vm.id,
        heartbeat.hostId,
        vm.power,
        heartbeat.full && !restarted.includes(heartbeat.hostId) ? FRESH_SECONDS : 0,
      ],
      vm.crashed === true,
    ]),
  );
  for (let start = 0; start < seen.length; start += 500) {
    const part = seen.slice(start, start + 500);
    await tx.execute(
      `UPDATE virtual_machine v JOIN (${derived(['id', 'host_id', 'power', 'fresh', 'crashed'], part.length)}) n
           ON n.id = v.id AND n.host_id = v.host_id
          SET v.observed_power = n.power, v.observed_at = NOW(3), v.crashed_at = IF(n.crashed, NOW(3), v.crashed_at)
        WHERE v.observed_power <> n.power AND (v.observed_at IS NULL OR v.observed_at <= NOW(3) - INTERVAL n.fresh SECOND)`,
      part.flat(),
    );
  }
}

/**
 * Machines that should be on a host but are not in its full report. Gives the hosts where some were seen so lately that
 * the report may be the older one.
 */
async function writeAbsent(tx: Tx, accepted: readonly ReceivedHeartbeat[]): Promise<ReadonlySet<string>> {
  const reported = new Map(
    accepted.flatMap(({ heartbeat: { full, hostId, vms } }) =>
      full ? [[hostId, new Set(vms.map(({ id }) => id))]] : [],
    ),
  );
  if (reported.size === 0) return new Set();
  const known = await tx.query<{ id: string; hostId: string; fresh: number }>(
    `SELECT id, host_id AS hostId, observed_at > NOW(3) - INTERVAL ? SECOND AS fresh FROM virtual_machine
      WHERE host_id IN (?) AND observed_power IN ('running', 'paused', 'off')`,
    [FRESH_SECONDS, [...reported.keys()]],
  );
  const missing = known.filter(({ id, hostId }) => reported.get(hostId)?.has(id) !== true);
  const gone = missing.filter(({ fresh }) => Number(fresh) !== 1);
  // One that has left its host since was not missed there.
  if (gone.length > 0)
    await tx.execute(
      "UPDATE virtual_machine SET observed_power = 'absent', observed_at = NOW(3) WHERE id IN (?) AND (id, host_id) IN (?)",
      [gone.map(({ id }) => id), gone.map(({ id, hostId }) => [id, hostId])],
    );
  return new Set(missing.filter(({ fresh }) => Number(fresh) === 1).map(({ hostId }) => hostId));
}

interface PoolRow {
  readonly id: string;
  readonly hostId: string | null;
  readonly zoneId: string;
  readonly capacity: number;
  readonly used: number;
}

/**
 * A directory is measured by its own host; a shared mount point by any host of its zone. Hundreds of hosts report the same
 * pool: it is written once, and only when something has changed.
 */
async function writePools(
  tx: Tx,
  accepted: readonly ReceivedHeartbeat[],
  hosts: ReadonlyMap<string, HostRow>,
): Promise<void> {
  const ids = new Set(accepted.flatMap(({ heartbeat: { pools = [] } }) => pools.map(({ id }) => id)));
  if (ids.size === 0) return;
  const known = await tx.query<PoolRow>(
    'SELECT id, host_id AS hostId, zone_id AS zoneId, capacity_bytes AS capacity, used_bytes AS used FROM storage_pool WHERE id IN (?)',
    [[...ids]],
  );
  const pools = new Map(known.map((pool) => [pool.id, pool]));
  const changed = new Map<string, readonly [capacity: number, used: number]>();
  for (const { heartbeat } of accepted)
    for (const { id, capacityBytes, availableBytes } of heartbeat.pools ?? []) {
      const pool = pools.get(id);
      const isIts = pool?.hostId === heartbeat.hostId;
      const isItsZones = pool?.hostId === null && pool.zoneId === hosts.get(heartbeat.hostId)?.zone_id;
      if (!pool || !(isIts || isItsZones)) continue;
      const used = Math.max(0, capacityBytes - availableBytes);
      const isSame = Number(pool.capacity) === capacityBytes && Number(pool.used) === used;
      if (isSame) changed.delete(id);
      else changed.set(id, [capacityBytes, used]);
    }
  for (const [id, [capacity, used]] of [...changed].sort(([a], [b]) => (a < b ? -1 : 1)))
    await tx.execute('UPDATE storage_pool SET capacity_bytes = ?, used_bytes = ? WHERE id = ?', [capacity, used, id]);
}
