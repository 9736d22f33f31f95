import { OVERCOMMIT } from '@durastack/contracts/compute/overcommit';
import { listHosts } from '@durastack/contracts/infra/list-hosts';
import { IS_USED, showController, type ControllerRow, type ShownController } from '../../oobm/controller-rows.js';
import { JOB_COLUMNS, NOTHING } from '../engine/columns.js';
import { defineList } from '../engine/define-list.js';
import { raw, sql, type Sql } from '../engine/sql.js';
import { hostHaOf, hostHaState } from './host-ha-columns.js';

const MIB = 1024 * 1024;

const percent = (part: number, whole: number) => `${whole > 0 ? ((100 * part) / whole).toFixed(2) : '0'}%`;

/** Hosts. */
export const hosts = defineList({
  command: listHosts,
  resource: 'host',
  table: 'host',
  joins: [
    'LEFT JOIN zone z ON z.id = b.zone_id',
    'LEFT JOIN pod p2 ON p2.id = b.pod_id',
    'LEFT JOIN cluster c ON c.id = b.cluster_id',
    'LEFT JOIN host_ha ha ON ha.id = b.id',
    'LEFT JOIN out_of_band_management o ON o.host_id = b.id',
  ],
  where: "b.state <> 'Removed'",
  columns: {
    id: 'b.id',
    name: 'b.name',
    state: 'b.state',
    resourceState: 'b.allocation_state',
    ipAddress: 'b.ip_address',
    zoneId: 'b.zone_id',
    zoneName: 'z.name',
    podId: 'b.pod_id',
    podName: 'p2.name',
    clusterId: 'b.cluster_id',
    clusterName: 'c.name',
    hypervisor: 'b.hypervisor',
    hypervisorVersion: 'b.hypervisor_version',
    version: 'b.agent_version',
    hostTags: 'b.tags',
    cpuNumber: 'b.cpu_count',
    cpuSpeed: 'b.cpu_mhz',
    created: 'b.created_at',
    lastPinged: 'b.last_heartbeat_at',
    ...JOB_COLUMNS,
  },
  extra: {
    mhzTotal: 'b.cpu_count * b.cpu_mhz',
    mhzReserved: 'b.cpu_mhz_reserved',
    mibTotal: 'b.memory_mib',
    mibReserved: 'b.memory_mib_reserved',
    cpuPercent: 'b.cpu_percent_used',
    mibUsed: 'b.memory_mib_used',
    accelerator: 'b.accelerator',
    watchdog: 'b.watchdog_lease_ms + b.watchdog_period_ms',
    agentUrl: 'b.agent_url',
    tunnelAddress: 'b.tunnel_address',
    haProvider: 'ha.provider',
    haEnable: 'ha.enabled = 1 AND c.ha_disabled = 0 AND z.ha_disabled = 0',
    haState: hostHaState('b'),
    haReason: 'ha.reason',
    haSince: 'ha.since',
    controllerDriver: 'o.driver',
    controllerAddress: 'o.address',
    controllerPort: 'o.port',
    controllerUser: 'o.username',
    controllerUsed: IS_USED,
    controllerPower: 'o.power_state',
    controllerAction: 'o.last_action',
  },
  map: (row) => {
    const [mhz, mhzReserved] = [Number(row['mhzTotal']), Number(row['mhzReserved'])];
    const [mib, mibReserved] = [Number(row['mibTotal']), Number(row['mibReserved'])];
    const mhzOffered = mhz * OVERCOMMIT.host.cpuOvercommit;
    const mibOffered = Math.max(0, mib - OVERCOMMIT.host.hostMemoryMib);
    const [mhzPart, mibPart] = [percent(mhzReserved, mhzOffered), percent(mibReserved, mibOffered)];
    return {
      type: 'Routing',
      clusterType: 'CloudManaged',
      cpuAllocated: mhzPart,
      cpuAllocatedPercentage: mhzPart,
      cpuAllocatedValue: mhzReserved,
      cpuWithOverprovisioning: String(mhzOffered),
      ...(row['cpuPercent'] === null ? {} : { cpuUsed: `${Number(row['cpuPercent']).toFixed(2)}%` }),
      memoryTotal: mib * MIB,
      memoryAllocated: mibReserved * MIB,
      memoryAllocatedBytes: mibReserved * MIB,
      memoryAllocatedPercentage: mibPart,
      memoryWithOverprovisioning: String(mibOffered * MIB),
      ...(row['mibUsed'] === null ? {} : { memoryUsed: Number(row['mibUsed']) * MIB }),
      hasEnoughCapacity: mhzReserved < mhzOffered && mibReserved < mibOffered,
      ...controllerOf(row),
      ...hostHaOf(row),
      localStorageActive: true,
      capabilities: 'hvm',
      details: {
        ...(row['accelerator'] === null ? {} : { accelerator: String(row['accelerator']) }),
        ...(row['watchdog'] === null ? {} : { watchdogmilliseconds: String(row['watchdog']) }),
        ...(row['agentUrl'] === null ? {} : { agenturl: String(row['agentUrl']) }),
        ...(row['tunnelAddress'] === null ? {} : { tunneladdress: String(row['tunnelAddress']) }),
      },
    };
  },
  filters: {
    name: 'b.name',
    zoneId: 'b.zone_id',
    podId: 'b.pod_id',
    clusterId: 'b.cluster_id',
    hypervisor: 'b.hypervisor',
    state: 'b.state',
    resourceState: 'b.allocation_state',
    type: (type) => (type.toLowerCase() === 'routing' ? undefined : NOTHING),
    virtualMachineId: (id) => sql`b.id = (SELECT host_id FROM virtual_machine WHERE id = ${id})`,
    details: 'accepted',
    haHost: 'accepted',
    outOfBandManagementEnabled: (used) => usedCondition(used),
    outOfBandManagementPowerState: (state) =>
      state.toLowerCase() === 'disabled'
        ? usedCondition(false)
        : sql`EXISTS (SELECT 1 FROM out_of_band_management o WHERE o.host_id = b.id AND o.power_state = ${state} AND ${raw(IS_USED)})`,
  },
  keyword: ['b.name', 'b.ip_address'],
});

function usedCondition(used: boolean): Sql {
  const exists = `EXISTS (SELECT 1 FROM out_of_band_management o WHERE o.host_id = b.id AND ${IS_USED})`;
  return raw(used ? exists : `NOT ${exists}`);
}

function controllerOf(row: Record<string, unknown>): { readonly outOfBandManagement?: ShownController } {
  if (row['controllerDriver'] === null) return {};
  const outOfBandManagement = showController({
    hostId: String(row['id']),
    driver: row['controllerDriver'] as ControllerRow['driver'],
    address: String(row['controllerAddress']),
    port: Number(row['controllerPort']),
    username: String(row['controllerUser']),
    isUsed: Number(row['controllerUsed']) === 1,
    power: row['controllerPower'] as ControllerRow['power'],
    lastAction: row['controllerAction'] as ControllerRow['lastAction'],
  });
  return { outOfBandManagement };
}
