/** What machines need of a host: read for one or for many of them, with the same few queries. */
import { AFFINITY_TYPES, type AffinityType } from '@durastack/contracts/compute/affinity-types';
import type { AffinityNeed, DiskNeed, MachineNeeds } from '@durastack/contracts/compute/placement';
import { splitTags } from '@durastack/contracts/tags';
import type { Tx } from '../database/transaction.js';

interface MachineRow {
  readonly vmId: string;
  readonly name: string;
  readonly zoneId: string;
  readonly cpuMhz: number;
  readonly memoryMib: number;
  readonly hypervisor: string;
  readonly hostTags: string | null;
  readonly accountId: string;
  readonly domainPath: string;
  readonly hostId: string | null;
  readonly requestedHostId: string | null;
  readonly lastHostId: string | null;
  readonly groups: number;
  readonly dedications: number;
  readonly tunnelNetwork: string | null;
  /** Of its disks: a row for each. */
  readonly volumeId: string | null;
  readonly sizeBytes: number;
  readonly poolId: string | null;
  readonly diskTags: string | null;
}

/** With its disks; one that does not exist yet needs a pool. */
const MACHINES = `SELECT v.id AS vmId, v.name, v.zone_id AS zoneId, v.cpu_count * v.cpu_mhz AS cpuMhz, v.memory_mib AS memoryMib, t.hypervisor,
    o.host_tags AS hostTags, v.account_id AS accountId, d.path AS domainPath, v.host_id AS hostId, v.requested_host_id AS requestedHostId,
    v.last_host_id AS lastHostId, EXISTS (SELECT 1 FROM affinity_group_member m WHERE m.vm_id = v.id) AS \`groups\`,
    (SELECT COUNT(*) FROM dedication x WHERE x.zone_id = v.zone_id) AS dedications,
    (SELECT MIN(w.name) FROM nic n JOIN network w ON w.id = n.network_id WHERE n.vm_id = v.id AND w.vni IS NOT NULL) AS tunnelNetwork,
    k.id AS volumeId, k.size_bytes AS sizeBytes, IF(k.state = 'Allocated', NULL, k.pool_id) AS poolId,
    IF(k.kind = 'ROOT', o.storage_tags, f.tags) AS diskTags
  FROM virtual_machine v JOIN template t ON t.id = v.template_id JOIN service_offering o ON o.id = v.service_offering_id
    JOIN domain d ON d.id = v.domain_id
    LEFT JOIN volume k ON k.vm_id = v.id AND k.state <> 'Expunged' AND k.kind <> 'SPARE'
    LEFT JOIN disk_offering f ON f.id = k.disk_offering_id WHERE v.id IN (?)`;

/**
 * What each machine needs, by its id; one that does not exist is missing. Three queries at most, however many machines.
 * A strict group counts as it is at this moment: see {@link readNeedsToReserve} to act on it.
 */
export async function readNeeds(tx: Tx, vmIds: readonly string[]): Promise<ReadonlyMap<string, MachineNeeds>> {
  if (vmIds.length === 0) return new Map();
  const rows = await tx.query<MachineRow>(MACHINES, [vmIds]);
  const grouped = new Set(rows.filter(({ groups }) => Number(groups) > 0).map(({ vmId }) => vmId));
  const affinity = await readAffinity(tx, [...grouped]);
  const disks = groupedBy(
    rows.filter(({ volumeId }) => volumeId !== null),
    toDisk,
  );
  return new Map(
    rows.map((row) => [
      row.vmId,
      { ...toMachine(row), disks: disks.get(row.vmId) ?? [], affinity: affinity.get(row.vmId) ?? [] },
    ]),
  );
}

const toDisk = ({ volumeId, sizeBytes, poolId, diskTags }: MachineRow): DiskNeed => ({
  volumeId: String(volumeId),
  sizeBytes: Number(sizeBytes),
  poolId,
  tags: splitTags(diskTags),
});

const toMachine = (row: MachineRow): Omit<MachineNeeds, 'disks' | 'affinity'> => ({
  vmId: row.vmId,
  name: row.name,
  zoneId: row.zoneId,
  cpuMhz: Number(row.cpuMhz),
  memoryMib: row.memoryMib,
  hypervisor: row.hypervisor,
  hostTags: splitTags(row.hostTags),
  dedications: Number(row.dedications),
  tunnelNetwork: row.tunnelNetwork,
  owner: { accountId: row.accountId, domainPath: row.domainPath },
  hostId: row.hostId,
  requestedHostId: row.requestedHostId,
  lastHostId: row.lastHostId,
});

function groupedBy<R extends { readonly vmId: string }, T>(
  rows: readonly R[],
  toItem: (row: R) => T,
): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const row of rows) {
    const items = found.get(row.vmId);
    if (items) items.push(toItem(row));
    else found.set(row.vmId, [toItem(row)]);
  }
  return found;
}

/** A member counts wherever it runs and wherever room is reserved for it: while it moves that is in two places. */
async function readAffinity(tx: Tx, vmIds: readonly string[]): Promise<Map<string, AffinityNeed[]>> {
  if (vmIds.length === 0) return new Map();
  const groups = await tx.query<{ vmId: string; groupId: string; name: string; type: AffinityType }>(
    `SELECT m.vm_id AS vmId, g.id AS groupId, g.name, g.type FROM affinity_group_member m JOIN affinity_group g ON g.id = m.group_id
      WHERE m.vm_id IN (?) ORDER BY g.id`,
    [vmIds],
  );
  if (groups.length === 0) return new Map();
  const groupIds = [...new Set(groups.map(({ groupId }) => groupId))];
  // Nobody can follow a member to a host that is fenced, or being fenced.
  const members = await tx.query<{ groupId: string; vmId: string; hostId: string; lost: number }>(
    `SELECT w.*, h.state = 'Down' OR (h.state = 'Disconnected' AND f.operation_id IS NOT NULL) AS lost FROM (
       SELECT m.group_id AS groupId, m.vm_id AS vmId, v.host_id AS hostId FROM affinity_group_member m JOIN virtual_machine v ON v.id = m.vm_id
        WHERE m.group_id IN (?) AND v.host_id IS NOT NULL
       UNION
       SELECT m.group_id, m.vm_id, r.resource_id FROM affinity_group_member m JOIN reservation r ON r.owner_id = m.vm_id AND r.resource_type = 'host'
        WHERE m.group_id IN (?)
     ) w LEFT JOIN host h ON h.id = w.hostId LEFT JOIN host_fence f ON f.host_id = h.id`,
    [groupIds, groupIds],
  );
  const byGroup = new Map<string, typeof members>(groupIds.map((id) => [id, []]));
  for (const member of members) byGroup.get(member.groupId)?.push(member);
  return groupedBy(groups, ({ vmId, groupId, name, type }) => {
    const binds = ({ lost }: (typeof members)[number]) =>
      AFFINITY_TYPES[type].kind !== 'affinity' || Number(lost) === 0;
    const others = (byGroup.get(groupId) ?? []).filter((member) => member.vmId !== vmId && binds(member));
    return { groupId, name, ...AFFINITY_TYPES[type], hostIds: others.map(({ hostId }) => hostId) };
  });
}

/** The same, with disks that are to go to these pools; a disk that is on its pool already stays. */
export function withWantedPools(needs: MachineNeeds, wishes: ReadonlyMap<string, string>): MachineNeeds {
  const disks = needs.disks.map((disk) => {
    const wantedPoolId = wishes.get(disk.volumeId);
    return wantedPoolId === undefined || wantedPoolId === disk.poolId ? disk : { ...disk, wantedPoolId };
  });
  return { ...needs, disks };
}

/**
 * What a machine needs, with the rows of its strict affinity groups held until the transaction ends: of all machines
 * of a group one at a time looks where the others are, and reserves. For the transaction that reserves: of a start,
 * and of a migration for its destination.
 */
export async function readNeedsToReserve(tx: Tx, vmId: string): Promise<MachineNeeds | undefined> {
  const needs = (await readNeeds(tx, [vmId])).get(vmId);
  const strict = needs?.affinity.filter((group) => group.strict).map(({ groupId }) => groupId) ?? [];
  if (strict.length === 0) return needs;
  // By their primary key, and so in the order of ids: two machines of the same two groups do not wait in a circle.
  await tx.query('SELECT id FROM affinity_group WHERE id IN (?) ORDER BY id FOR UPDATE', [strict]);
  // Whoever held a row before may have reserved meanwhile.
  return (await readNeeds(tx, [vmId])).get(vmId);
}
