/** Reservations and counters. Each query is one consistent look: a reservation and its counter change together. */
import type { Check } from './examination.js';
import { finding } from './finding.js';

const MOST = 500;

/** Every question of this area. */
export const checkCapacity: Check = async (examination) =>
  (await Promise.all([orphans, missingOnHosts, missingOnPools, counters].map((check) => check(examination)))).flat();

interface OrphanRow {
  readonly ownerId: string;
  readonly type: 'host' | 'storage-pool';
  readonly resourceId: string;
  readonly purpose: string;
  readonly createdAt: Date;
  readonly owner: string | null;
  readonly vmId: string | null;
}

/** Reservations of machines that are not on that host, and of volumes that are not on that pool. */
const orphans: Check = async ({ db }) => {
  const rows = await db.query<OrphanRow>(
    `SELECT r.owner_id AS ownerId, r.resource_type AS type, r.resource_id AS resourceId, r.purpose, r.created_at AS createdAt,
       CONCAT('the machine ', v.name, ' (', v.state, ')') AS owner, v.id AS vmId
       FROM reservation r LEFT JOIN virtual_machine v ON v.id = r.owner_id
      WHERE r.resource_type = 'host' AND (v.id IS NULL OR v.host_id IS NULL OR v.host_id <> r.resource_id)
     UNION ALL
     SELECT r.owner_id, r.resource_type, r.resource_id, r.purpose, r.created_at, CONCAT('the volume ', v.name, ' (', v.state, ')'), v.vm_id
       FROM reservation r LEFT JOIN volume v ON v.id = r.owner_id
      WHERE r.resource_type = 'storage-pool' AND (v.id IS NULL OR v.state NOT IN ('Ready', 'Destroy') OR v.pool_id IS NULL OR v.pool_id <> r.resource_id)
     LIMIT ${MOST}`,
  );
  return rows.map((row) => {
    const owner = { type: row.type === 'host' ? 'virtual-machine' : 'volume', id: row.ownerId };
    return finding('reservation-orphan', {
      resource: owner,
      where: 'database',
      what: `The ${row.type} ${row.resourceId} is reserved for ${row.owner ?? `${owner.type} ${row.ownerId}, which does not exist`}, which is not there`,
      since: row.createdAt,
      place: row.resourceId,
      details: { resourceType: row.type, resourceId: row.resourceId, purpose: row.purpose },
      touches: row.vmId === null ? [owner] : [owner, { type: 'virtual-machine', id: row.vmId }],
    });
  });
};

const missingOnHosts: Check = async ({ db }) => {
  const rows = await db.query<{ id: string; name: string; state: string; hostId: string }>(
    `SELECT v.id, v.name, v.state, v.host_id AS hostId FROM virtual_machine v
       LEFT JOIN reservation r ON r.owner_id = v.id AND r.resource_type = 'host' AND r.resource_id = v.host_id AND r.purpose = 'run'
      WHERE v.host_id IS NOT NULL AND r.owner_id IS NULL LIMIT ${MOST}`,
  );
  return rows.map(({ id, name, state, hostId }) =>
    finding('reservation-missing', {
      resource: { type: 'virtual-machine', id },
      where: 'database',
      what: `The machine ${name} (${state}) is on host ${hostId}, and nothing is reserved for it there`,
      place: hostId,
      details: { resourceType: 'host', resourceId: hostId },
    }),
  );
};

const missingOnPools: Check = async ({ db }) => {
  const rows = await db.query<{ id: string; name: string; state: string; poolId: string; vmId: string | null }>(
    `SELECT v.id, v.name, v.state, v.pool_id AS poolId, v.vm_id AS vmId FROM volume v
       LEFT JOIN reservation r ON r.owner_id = v.id AND r.resource_type = 'storage-pool' AND r.resource_id = v.pool_id AND r.purpose = 'volume'
      WHERE v.state IN ('Ready', 'Destroy') AND v.pool_id IS NOT NULL AND r.owner_id IS NULL LIMIT ${MOST}`,
  );
  return rows.map(({ id, name, state, poolId, vmId }) =>
    finding('reservation-missing', {
      resource: { type: 'volume', id },
      where: 'database',
      what: `The volume ${name} (${state}) is on pool ${poolId}, and nothing is reserved for it there`,
      place: poolId,
      details: { resourceType: 'storage-pool', resourceId: poolId },
      touches: [{ type: 'volume', id }, ...(vmId === null ? [] : [{ type: 'virtual-machine', id: vmId }])],
    }),
  );
};

const counters: Check = async ({ db }) => {
  const rows = await db.query<{ type: string; id: string; name: string; counted: string; reserved: string }>(
    `SELECT 'host' AS type, h.id, h.name, CONCAT(h.cpu_mhz_reserved, ' MHz and ', h.memory_mib_reserved, ' MiB') AS counted,
         CONCAT(COALESCE(r.cpu_mhz, 0), ' MHz and ', COALESCE(r.memory_mib, 0), ' MiB') AS reserved
       FROM host h LEFT JOIN (SELECT resource_id, SUM(cpu_mhz) AS cpu_mhz, SUM(memory_mib) AS memory_mib FROM reservation
                               WHERE resource_type = 'host' GROUP BY resource_id) r ON r.resource_id = h.id
      WHERE h.cpu_mhz_reserved <> COALESCE(r.cpu_mhz, 0) OR h.memory_mib_reserved <> COALESCE(r.memory_mib, 0)
     UNION ALL
     SELECT 'storage-pool', p.id, p.name, CONCAT(p.reserved_bytes, ' bytes'), CONCAT(COALESCE(r.size_bytes, 0), ' bytes')
       FROM storage_pool p LEFT JOIN (SELECT resource_id, SUM(size_bytes) AS size_bytes FROM reservation
                                       WHERE resource_type = 'storage-pool' GROUP BY resource_id) r ON r.resource_id = p.id
      WHERE p.reserved_bytes <> COALESCE(r.size_bytes, 0) LIMIT ${MOST}`,
  );
  return rows.map(({ type, id, name, counted, reserved }) =>
    finding('counter-wrong', {
      resource: { type, id },
      where: 'database',
      what: `The ${type} ${name} counts ${counted} as reserved; its reservations are ${reserved}`,
      touches: [],
    }),
  );
};
