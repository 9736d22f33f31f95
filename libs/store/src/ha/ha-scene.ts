/** What the detector reads: hosts that HA looks at, and those that can say something about them. */
import type { PoolSpec } from '@durastack/contracts/agent/specs';
import type { Tx } from '../database/transaction.js';
import { POOL_SPEC_COLUMNS, toPoolSpec, type PoolSpecRow } from '../storage/pool-spec.js';

/** A host that does not report in time, or about which HA has not come to rest. */
export interface WatchedHost {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly clusterId: string;
  readonly zoneId: string;
  readonly agentUrl: string | null;
  readonly haState: string;
  readonly haReason: string | null;
  readonly falls: number;
  /** Its maintenance, or HA being disabled above it, keeps HA from acting. */
  readonly isEligible: boolean;
  /** When it was last heard, as text: only compared. */
  readonly heardAt: string;
  readonly silentMs: number;
  readonly operationId: string | null;
  /** How often it was declared lost. */
  readonly fenceEpoch: number;
}

/**
 * Hosts with HA enabled that have been silent for so long, or whose HA state is not at rest. All of them, however many:
 * of those that a limit left out, the same ones each time, nobody would ever know whether they are dead.
 */
export async function readWatchedHosts(tx: Tx, silentForMs: number): Promise<WatchedHost[]> {
  const rows = await tx.query<WatchedHost & { eligible: number }>(
    `SELECT h.id, h.name, h.state, h.cluster_id AS clusterId, h.zone_id AS zoneId, h.agent_url AS agentUrl, a.state AS haState, a.reason AS haReason, a.falls,
       h.allocation_state NOT IN ('PrepareForMaintenance', 'Maintenance') AND c.ha_disabled = 0 AND z.ha_disabled = 0 AS eligible,
       CAST(h.last_heartbeat_at AS CHAR) AS heardAt, TIMESTAMPDIFF(MICROSECOND, h.last_heartbeat_at, NOW(3)) DIV 1000 AS silentMs, a.operation_id AS operationId, h.fence_epoch AS fenceEpoch
     FROM host_ha a JOIN host h ON h.id = a.id JOIN cluster c ON c.id = h.cluster_id JOIN zone z ON z.id = h.zone_id
     WHERE a.enabled = 1 AND h.state IN ('Up', 'Disconnected', 'Down') AND h.last_heartbeat_at IS NOT NULL
       AND (a.state <> 'Available' OR h.last_heartbeat_at < NOW(3) - INTERVAL ? MICROSECOND)`,
    [silentForMs * 1_000],
  );
  return rows.map(({ eligible, ...row }) => ({
    ...row,
    ...{ isEligible: Number(eligible) === 1, silentMs: Number(row.silentMs), falls: Number(row.falls) },
  }));
}

/** Ids of hosts with HA enabled that have not been heard of lately. */
export async function readSuspects(tx: Tx): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    "SELECT id FROM host_ha WHERE enabled = 1 AND state IN ('Suspect', 'Checking', 'Degraded', 'Fencing')",
  );
  return rows.map(({ id }) => id);
}

/** A neighbour that reports. */
export interface Neighbour {
  readonly id: string;
  readonly name: string;
}

/** Hosts of the same cluster, or failing that of the same zone, that reported lately; a few at random. */
export async function readNeighbours(
  tx: Tx,
  host: Pick<WatchedHost, 'id' | 'clusterId' | 'zoneId'>,
  { heardWithinMs, most }: { readonly heardWithinMs: number; readonly most: number },
): Promise<Neighbour[]> {
  const heard = "id <> ? AND state = 'Up' AND last_heartbeat_at > NOW(3) - INTERVAL ? MICROSECOND";
  const values = [host.id, heardWithinMs * 1_000];
  const near = await tx.query<Neighbour>(
    `SELECT id, name FROM host FORCE INDEX (host_cluster) WHERE cluster_id = ? AND ${heard} ORDER BY RAND() LIMIT ${most}`,
    [host.clusterId, ...values],
  );
  if (near.length > 0) return near;
  return tx.query<Neighbour>(`SELECT id, name FROM host WHERE zone_id = ? AND ${heard} ORDER BY RAND() LIMIT ${most}`, [
    host.zoneId,
    ...values,
  ]);
}

/** A pool that a host shares with others. */
export interface SharedPool {
  readonly name: string;
  readonly spec: PoolSpec;
}

/** How many of them are looked at. */
const POOLS_AT_ONCE = 4;

/** Pools that a host has told to share with others: that it can be seen to live on. */
export async function readSharedPools(tx: Tx, hostId: string): Promise<SharedPool[]> {
  const rows = await tx.query<PoolSpecRow & { name: string }>(
    `SELECT ${POOL_SPEC_COLUMNS}, p.name FROM storage_pool p WHERE p.state = 'Up'
       AND p.id IN (SELECT n.pool_id FROM host_pool n WHERE n.host_id = ? UNION SELECT a.pool_id FROM host_storage_address a WHERE a.host_id = ?)
      ORDER BY p.id LIMIT ${POOLS_AT_ONCE}`,
    [hostId, hostId],
  );
  return rows.map((row) => ({ name: row.name, spec: toPoolSpec(row) }));
}

/** Falls so far apart are forgotten. */
const FALLS_COUNT_FOR_S = 600;

/** The host has fallen silent: how often lately, this time included. */
export async function noteFall(tx: Tx, hostId: string): Promise<void> {
  await tx.execute(
    `UPDATE host_ha SET falls = IF(fell_at > NOW(3) - INTERVAL ${FALLS_COUNT_FOR_S} SECOND, falls + 1, 1), fell_at = NOW(3) WHERE id = ?`,
    [hostId],
  );
}

/** So many falls make a host one that flaps. */
const FLAPS_FROM = 3;

/** Hosts that have fallen silent several times lately. @param hostId only this one */
export async function readFlapping(
  tx: Tx,
  hostId?: string,
): Promise<{ readonly id: string; readonly name: string; readonly falls: number }[]> {
  const rows = await tx.query<{ id: string; name: string; falls: number }>(
    `SELECT h.id, h.name, a.falls FROM host_ha a JOIN host h ON h.id = a.id
      WHERE a.enabled = 1 AND a.falls >= ${FLAPS_FROM} AND a.fell_at > NOW(3) - INTERVAL ${FALLS_COUNT_FOR_S} SECOND
        AND h.state <> 'Removed' ${hostId === undefined ? '' : 'AND h.id = ?'} ORDER BY h.name`,
    hostId === undefined ? [] : [hostId],
  );
  return rows.map((row) => ({ ...row, falls: Number(row.falls) }));
}

/** A machine that ended unasked, and for which HA cares. */
export interface CrashedMachine {
  readonly id: string;
  readonly accountId: string;
  readonly domainId: string;
}

/** How long after a start the next one comes at the earliest: what crashes at once must not do so all the time. */
const NEXT_START_S = 10;
/** How many starts one round asks for. */
const STARTS_AT_ONCE = 20;

/** Machines that crashed, are known to be stopped, and are wanted; the most important first. */
export function readCrashedMachines(tx: Tx): Promise<CrashedMachine[]> {
  return tx.query<CrashedMachine>(
    `SELECT v.id, v.account_id AS accountId, v.domain_id AS domainId FROM virtual_machine v FORCE INDEX (vm_crashed)
       JOIN service_offering o ON o.id = v.service_offering_id JOIN zone z ON z.id = v.zone_id
      WHERE v.crashed_at IS NOT NULL AND v.state = 'Stopped' AND v.desired_power = 'on' AND o.offer_ha = 1 AND z.ha_disabled = 0
        AND v.operation_id IS NULL
        AND NOT EXISTS (SELECT 1 FROM operation_lock k WHERE k.resource_type = 'virtual-machine' AND k.resource_id = v.id)
        AND NOT EXISTS (SELECT 1 FROM lost_machine l WHERE l.vm_id = v.id AND l.settled = 0)
        AND NOT EXISTS (SELECT 1 FROM operation p WHERE p.resource_type = 'virtual-machine' AND p.resource_id = v.id
          AND p.kind = 'startVirtualMachine' AND p.ended_at > NOW(3) - INTERVAL ${NEXT_START_S} SECOND)
      ORDER BY COALESCE(v.ha_priority, o.ha_priority) DESC LIMIT ${STARTS_AT_ONCE}`,
  );
}
