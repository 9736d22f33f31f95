import type { PlacementPorts } from '@durastack/contracts/compute/vm.ports';
import { DurastackError } from '@durastack/contracts/errors';
import { DONE } from '@durastack/contracts/operations/step';
import { OVERCOMMIT } from '@durastack/model/placement/overcommit';
import {
  planPlacement,
  type HostSnapshot,
  type PlacementRequest,
  type PoolSnapshot,
} from '@durastack/model/placement/plan-placement';
import type { Tx } from '@durastack/store/database/transaction';
import { claim, releaseHosts, releasePools, reserveHost, reservePool } from '@durastack/store/operations/reservations';
import { inStep } from '@durastack/store/operations/run';
import type { ActivityDependencies } from '../dependencies.js';
import { readRootVolume, readVmAndDisk, type RootVolumeRow, type VmRow } from './vm-rows.js';

/** How many hosts one decision looks at: those with the most memory free. */
const SNAPSHOT_HOSTS = 200;
const startsNothing = (input: Readonly<Record<string, unknown>>) => input['startVm'] === false;

/** See {@link PlacementPorts}. */
export function createActivities({ source, agents }: ActivityDependencies): PlacementPorts {
  return {
    reservePlacement: (step) =>
      inStep(source, step, async (tx, operation) => {
        if (startsNothing(operation.input)) return DONE;
        const { vm, volume } = await readVmAndDisk(tx, operation.resource.id);
        if (vm.hostId !== null) return DONE;
        await place(tx, operation.id, { vm, volume, silent: agents.silentHosts() });
        return DONE;
      }),

    releasePlacement: (step) =>
      inStep(source, step, async (tx, operation) => {
        const vmId = operation.resource.id;
        await releaseHosts(tx, vmId);
        await tx.execute('UPDATE virtual_machine SET host_id = NULL WHERE id = ?', [vmId]);
        const volume = await readRootVolume(tx, vmId);
        if (volume.state === 'Allocated') {
          await releasePools(tx, volume.id);
          await tx.execute('UPDATE volume SET pool_id = NULL WHERE id = ?', [volume.id]);
        }
        return DONE;
      }),
  };
}

/** What is placed, and hosts that do not answer at present: others are taken first. */
interface Placed {
  readonly vm: VmRow;
  readonly volume: RootVolumeRow;
  readonly silent: ReadonlySet<string>;
}

async function place(tx: Tx, operationId: string, { vm, volume, silent }: Placed): Promise<void> {
  const request = await toRequest(tx, vm, volume);
  const plan = planPlacement(
    request,
    await readHosts(tx, vm.zoneId, { request, silent }),
    await readPools(tx, vm.zoneId),
  );
  const answering = plan.candidates.filter(({ hostId }) => !silent.has(hostId));
  const others = plan.candidates.filter(({ hostId }) => silent.has(hostId));
  for (const { hostId, poolId } of [...answering, ...others]) {
    const onHost = await reserveHost(tx, {
      ownerId: vm.id,
      hostId,
      cpuMhz: request.cpuMhz,
      memoryMib: request.memoryMib,
      ...OVERCOMMIT.host,
    });
    if (!onHost) continue;
    const onPool =
      volume.state !== 'Allocated' ||
      (await reservePool(tx, { volumeId: volume.id, poolId, sizeBytes: volume.sizeBytes, ...OVERCOMMIT.pool }));
    if (!onPool) {
      await releaseHosts(tx, vm.id);
      continue;
    }
    await claim(tx, operationId, [
      { type: 'host', id: hostId },
      { type: 'storage-pool', id: poolId },
    ]);
    await tx.execute(
      `UPDATE virtual_machine v JOIN volume d ON d.vm_id = v.id AND d.kind = 'ROOT' SET v.host_id = ?, d.pool_id = ? WHERE v.id = ?`,
      [hostId, poolId, vm.id],
    );
    // Written before the bridge exists, so that removal of the network finds it.
    await tx.execute(
      `INSERT INTO network_on_host (network_id, host_id, created_at) SELECT DISTINCT network_id, ?, NOW(3) FROM nic WHERE vm_id = ?
       ON DUPLICATE KEY UPDATE host_id = VALUES(host_id)`,
      [hostId, vm.id],
    );
    return;
  }
  // Tenants see that there is no room; which host fell out, and why, is for the operators' log.
  const reasons = plan.refused.map(({ host, reason }) => `${host} ${reason}`).slice(0, 20);
  const taken = plan.candidates.length > 0 ? ['every candidate was taken meanwhile'] : [];
  throw new DurastackError(
    'NO_CAPACITY',
    `No host of the zone has room for ${vm.name} (${request.cpuMhz} MHz, ${request.memoryMib} MiB).`,
    { details: { reasons: [...reasons, ...taken].join('; ') || 'the zone has no host that is up' } },
  );
}

async function toRequest(tx: Tx, vm: VmRow, volume: RootVolumeRow): Promise<PlacementRequest> {
  const rows = await tx.query<{ hostTags: string | null; hypervisor: string }>(
    `SELECT o.host_tags AS hostTags, t.hypervisor FROM service_offering o, template t WHERE o.id = ? AND t.id = ?`,
    [vm.serviceOfferingId, vm.templateId],
  );
  return {
    cpuMhz: vm.cpuCount * vm.cpuMhz,
    memoryMib: vm.memoryMib,
    hypervisor: rows[0]?.hypervisor ?? 'KVM',
    hostTags: splitTags(rows[0]?.hostTags ?? null),
    diskBytes: volume.sizeBytes,
    ...(vm.requestedHostId === null ? {} : { requestedHostId: vm.requestedHostId }),
    ...(vm.lastHostId === null ? {} : { lastHostId: vm.lastHostId }),
    ...(volume.state === 'Allocated' || volume.poolId === null ? {} : { fixedPoolId: volume.poolId }),
  };
}

const splitTags = (tags: string | null) => (tags ?? '').split(',').filter((tag) => tag !== '');

async function readHosts(
  tx: Tx,
  zoneId: string,
  { request, silent }: { readonly request: PlacementRequest; readonly silent: ReadonlySet<string> },
): Promise<HostSnapshot[]> {
  const silentLast = silent.size === 0 ? '' : ' id IN (?),';
  const rows = await tx.query<
    Omit<HostSnapshot, 'tags' | 'cpuMhzFree' | 'memoryMibFree'> & { tags: string | null; cpu: number; memory: number }
  >(
    `SELECT id, name, cluster_id AS clusterId, zone_id AS zoneId, state, allocation_state AS allocationState, hypervisor, tags,
       cpu_count * cpu_mhz * ? - cpu_mhz_reserved AS cpu, memory_mib - ? - memory_mib_reserved AS memory, memory_mib AS memoryMib
     FROM host WHERE zone_id = ? AND state IN ('Up', 'Disconnected') ORDER BY id = ? DESC,${silentLast} id = ? DESC, memory DESC LIMIT ${SNAPSHOT_HOSTS}`,
    [
      OVERCOMMIT.host.cpuOvercommit,
      OVERCOMMIT.host.hostMemoryMib,
      zoneId,
      request.requestedHostId ?? '',
      ...(silent.size === 0 ? [] : [[...silent]]),
      request.lastHostId ?? '',
    ],
  );
  return rows.map(({ tags, cpu, memory, ...host }) => ({
    ...host,
    tags: splitTags(tags),
    cpuMhzFree: Number(cpu),
    memoryMibFree: Number(memory),
  }));
}

async function readPools(tx: Tx, zoneId: string): Promise<PoolSnapshot[]> {
  const rows = await tx.query<PoolSnapshot>(
    `SELECT id, zone_id AS zoneId, cluster_id AS clusterId, host_id AS hostId, state, allocation_state AS allocationState,
       capacity_bytes * ? - reserved_bytes AS bytesFree
     FROM storage_pool WHERE zone_id = ? AND state <> 'Removed'`,
    [OVERCOMMIT.pool.overprovisioning, zoneId],
  );
  return rows.map((row) => ({ ...row, bytesFree: Number(row.bytesFree) }));
}
