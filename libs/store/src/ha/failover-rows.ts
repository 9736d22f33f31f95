/** What the loss of a host would mean, as rows tell it. */
import type { Overcommit } from '@durastack/contracts/compute/placement';
import type { FailoverHost } from '@durastack/contracts/infra/failover-host';
import { haPriorityOf } from '../compute/ha-priority.js';
import type { Tx } from '../database/transaction.js';

/** A machine that is on the host. */
export interface EndangeredRow {
  readonly vmId: string;
  readonly name: string;
  readonly memoryMib: number;
  readonly haPriority: number;
  readonly offersHa: boolean;
  readonly wanted: boolean;
}

/** The machines on a host. */
export async function readEndangered(tx: Tx, hostId: string): Promise<EndangeredRow[]> {
  const rows = await tx.query<Omit<EndangeredRow, 'offersHa' | 'wanted'> & { offersHa: number; isWanted: number }>(
    `SELECT v.id AS vmId, v.name, v.memory_mib AS memoryMib, ${haPriorityOf('v', 's')} AS haPriority, s.offer_ha AS offersHa,
       v.desired_power = 'on' AS isWanted
     FROM virtual_machine v JOIN service_offering s ON s.id = v.service_offering_id
      WHERE v.host_id = ? AND v.state <> 'Expunged' ORDER BY v.id`,
    [hostId],
  );
  return rows.map(({ offersHa, isWanted, ...machine }) => ({
    ...machine,
    offersHa: Number(offersHa) === 1,
    wanted: Number(isWanted) === 1,
  }));
}

/** Why HA would not act when the host is lost; undefined: it would. */
export async function readHaObstacle(tx: Tx, hostId: string): Promise<string | undefined> {
  const [row] = await tx.query<{ enabled: number | null; byCluster: number; byZone: number }>(
    `SELECT a.enabled, c.ha_disabled AS byCluster, z.ha_disabled AS byZone
       FROM host h JOIN cluster c ON c.id = h.cluster_id JOIN zone z ON z.id = h.zone_id LEFT JOIN host_ha a ON a.id = h.id
      WHERE h.id = ?`,
    [hostId],
  );
  if (!row) return undefined;
  if (row.enabled === null) return 'HA was not configured for the host (configureHAForHost, enableHAForHost)';
  if (Number(row.enabled) === 0) return 'HA is disabled for the host (enableHAForHost)';
  if (Number(row.byCluster) === 1) return 'HA is disabled for its cluster (enableHAForCluster)';
  return Number(row.byZone) === 1 ? 'HA is disabled for its zone (enableHAForZone)' : undefined;
}

/** Every host. Two queries, whatever the cloud holds. */
export async function readFailoverHosts(tx: Tx, { host }: Overcommit): Promise<FailoverHost[]> {
  const demands = await tx.query<{ hostId: string; cpuMhz: number; memoryMib: number }>(
    `SELECT v.host_id AS hostId, SUM(v.cpu_count * v.cpu_mhz) AS cpuMhz, SUM(v.memory_mib) AS memoryMib
       FROM virtual_machine v JOIN service_offering s ON s.id = v.service_offering_id
      WHERE v.host_id IS NOT NULL AND v.desired_power = 'on' AND s.offer_ha = 1 GROUP BY v.host_id`,
  );
  const byHost = new Map(demands.map((demand) => [demand.hostId, demand]));
  const rows = await tx.query<Record<string, unknown>>(
    `SELECT h.id, h.name, h.cluster_id AS clusterId, c.name AS clusterName, h.state = 'Up' AND h.allocation_state = 'Enabled' AS usable,
       h.cpu_count * h.cpu_mhz * ${host.cpuOvercommit} - h.cpu_mhz_reserved AS cpu,
       h.memory_mib - ${host.hostMemoryMib} - h.memory_mib_reserved AS memory
     FROM host h JOIN cluster c ON c.id = h.cluster_id WHERE h.state NOT IN ('Removed', 'Removing', 'Creating', 'Error') ORDER BY h.id`,
  );
  return rows.map((row) => ({
    id: String(row['id']),
    name: String(row['name']),
    clusterId: String(row['clusterId']),
    clusterName: String(row['clusterName']),
    usable: Number(row['usable']) === 1,
    cpuMhzFree: Number(row['cpu']),
    memoryMibFree: Number(row['memory']),
    haCpuMhz: Number(byHost.get(String(row['id']))?.cpuMhz ?? 0),
    haMemoryMib: Number(byHost.get(String(row['id']))?.memoryMib ?? 0),
  }));
}
