/** How much there is of what a cloud gives out, and how much of it is given out: by zone, pod or cluster. */
import type { Overcommit } from '@durastack/contracts/compute/placement';
import type { Tx } from '../database/transaction.js';
import { join, raw, sql, type Sql } from '../lists/engine/sql.js';

const MIB = 1024 * 1024;

/** CloudStack's kinds of capacity, as far as they are known here: number, name, unit. */
const CAPACITIES = {
  /** Bytes that machines can be given, and have been. */
  memory: { type: 0, name: 'MEMORY' },
  /** MHz, the same. */
  cpu: { type: 1, name: 'CPU' },
  /** Bytes of pools that hosts share, and those in use as measured. */
  storage: { type: 2, name: 'STORAGE' },
  /** Bytes that disks on pools that hosts share may grow to, and those that they have been given. */
  storageAllocated: { type: 3, name: 'STORAGE_ALLOCATED' },
  publicIp: { type: 4, name: 'VIRTUAL_NETWORK_PUBLIC_IP' },
  /** What tells the isolated networks of a zone apart: VXLAN identifiers. */
  vlan: { type: 7, name: 'VLAN' },
  /** As `storageAllocated`, on directories of single hosts. */
  localStorage: { type: 9, name: 'LOCAL_STORAGE' },
} as const;

/** Where it is; a pod and a cluster come with all that they are in. */
export interface CapacityPlace {
  readonly zoneId: string;
  readonly zoneName: string;
  readonly podId?: string;
  readonly podName?: string;
  readonly clusterId?: string;
  readonly clusterName?: string;
}

/** One kind at one place. */
export interface Capacity extends CapacityPlace {
  readonly type: number;
  readonly name: string;
  readonly total: number;
  readonly used: number;
}

/** Which places. */
export interface CapacityFilter {
  readonly zoneId?: string | undefined;
  readonly podId?: string | undefined;
  readonly clusterId?: string | undefined;
}

/** What places are summed by. */
type Level = 'zone' | 'pod' | 'cluster';

interface Place extends CapacityPlace {
  readonly id: string;
  /** VXLAN identifiers of the zone. */
  readonly vniCount: number | null;
}

/** So much of a kind at a place. */
interface Amount {
  readonly placeId: string;
  readonly kind: keyof typeof CAPACITIES;
  readonly total: number;
  readonly used: number;
}

/**
 * The capacity of a cluster or a pod when one is named, else of each zone; five queries at the most. Hosts and pools count
 * that take something: those that are up and enabled. What a place has nothing of is left out; addresses and identifiers
 * belong to whole zones.
 *
 * @returns in the order of the places' names and of the kinds' numbers
 */
export async function readCapacities(
  tx: Tx,
  filter: CapacityFilter,
  overcommit: Overcommit,
): Promise<readonly Capacity[]> {
  const level = filter.clusterId !== undefined ? 'cluster' : filter.podId !== undefined ? 'pod' : 'zone';
  const places = await readPlaces(tx, level, filter);
  if (places.length === 0) return [];
  const within = withinOf(level, places);
  const amounts = [
    ...(await hostAmounts(tx, within, overcommit)),
    ...(await poolAmounts(tx, within)),
    ...(level === 'zone' ? await publicIpAmounts(tx, within) : []),
    ...(level === 'zone' ? await vlanAmounts(tx, within, places) : []),
  ];
  return places.flatMap(({ id, vniCount: _vniCount, ...place }) =>
    amounts
      .filter(({ placeId, total }) => placeId === id && total > 0)
      .map(({ kind, total, used }) => ({ ...CAPACITIES[kind], ...place, total, used }))
      .sort((a, b) => a.type - b.type),
  );
}

const PLACES: Readonly<Record<Level, string>> = {
  zone: 'zone x JOIN zone z ON z.id = x.id',
  pod: 'pod x JOIN zone z ON z.id = x.zone_id',
  cluster: 'cluster x JOIN zone z ON z.id = x.zone_id JOIN pod p ON p.id = x.pod_id',
};
const OWN_COLUMNS: Readonly<Record<Level, string>> = {
  zone: '',
  pod: ', x.id AS podId, x.name AS podName',
  cluster: ', p.id AS podId, p.name AS podName, x.id AS clusterId, x.name AS clusterName',
};

function readPlaces(tx: Tx, level: Level, { zoneId, podId, clusterId }: CapacityFilter): Promise<Place[]> {
  const asked = [
    ...(zoneId === undefined ? [] : [sql`z.id = ${zoneId}`]),
    ...(podId === undefined ? [] : [sql`${raw(level === 'pod' ? 'x.id' : 'x.pod_id')} = ${podId}`]),
    ...(clusterId === undefined ? [] : [sql`x.id = ${clusterId}`]),
  ];
  const { text, values } = sql`SELECT x.id, z.id AS zoneId, z.name AS zoneName, z.vni_last - z.vni_first + 1 AS vniCount
    ${raw(OWN_COLUMNS[level])} FROM ${raw(PLACES[level])} WHERE ${join(asked, ' AND ')} ORDER BY x.name, x.id`;
  return tx.query<Place>(text, values);
}

/** Which rows of a table belong to the places, by its index on zones, and the column that says to which. */
interface Within {
  readonly column: Sql;
  readonly condition: Sql;
}

function withinOf(level: Level, places: readonly Place[]): Within {
  const column = raw(`${level}_id`);
  const inZones = sql`zone_id IN (${[...new Set(places.map(({ zoneId }) => zoneId))]})`;
  if (level === 'zone') return { column, condition: inZones };
  return { column, condition: sql`${inZones} AND ${column} IN (${places.map(({ id }) => id)})` };
}

type Sums<T extends string> = { readonly placeId: string } & Readonly<Record<T, string | number>>;

function sumsOf<T extends string>(tx: Tx, { text, values }: Sql): Promise<Sums<T>[]> {
  return tx.query<Sums<T>>(text, values);
}

const TAKES = raw("state = 'Up' AND allocation_state = 'Enabled'");

async function hostAmounts(tx: Tx, { column, condition }: Within, { host }: Overcommit): Promise<Amount[]> {
  const rows = await sumsOf<'mhz' | 'mhzUsed' | 'mib' | 'mibUsed'>(
    tx,
    sql`SELECT ${column} AS placeId, SUM(cpu_count * cpu_mhz) * ${host.cpuOvercommit} AS mhz, SUM(cpu_mhz_reserved) AS mhzUsed,
        SUM(GREATEST(memory_mib - ${host.hostMemoryMib}, 0)) AS mib, SUM(memory_mib_reserved) AS mibUsed
      FROM host WHERE ${condition} AND ${TAKES} GROUP BY ${column}`,
  );
  return rows.flatMap(({ placeId, mhz, mhzUsed, mib, mibUsed }): Amount[] => [
    { placeId, kind: 'memory', total: Number(mib) * MIB, used: Number(mibUsed) * MIB },
    { placeId, kind: 'cpu', total: Number(mhz), used: Number(mhzUsed) },
  ]);
}

async function poolAmounts(tx: Tx, { column, condition }: Within): Promise<Amount[]> {
  const rows = await sumsOf<'local' | 'bytes' | 'bytesUsed' | 'offered' | 'given'>(
    tx,
    sql`SELECT ${column} AS placeId, scope = 'HOST' AS local, SUM(capacity_bytes) AS bytes, SUM(used_bytes) AS bytesUsed,
        SUM(capacity_bytes * overprovisioning) AS offered, SUM(reserved_bytes) AS given
      FROM storage_pool WHERE ${condition} AND ${TAKES} GROUP BY ${column}, scope = 'HOST'`,
  );
  return rows.flatMap(({ placeId, local, bytes, bytesUsed, offered, given }): Amount[] => {
    const out = { placeId, total: Math.round(Number(offered)), used: Number(given) };
    if (Number(local) === 1) return [{ ...out, kind: 'localStorage' }];
    return [
      { placeId, kind: 'storage', total: Number(bytes), used: Number(bytesUsed) },
      { ...out, kind: 'storageAllocated' },
    ];
  });
}

async function publicIpAmounts(tx: Tx, { column, condition }: Within): Promise<Amount[]> {
  const rows = await sumsOf<'total' | 'used'>(
    tx,
    sql`SELECT ${column} AS placeId, COUNT(*) AS total, SUM(state <> 'Free') AS used FROM public_ip
      WHERE ${condition} GROUP BY ${column}`,
  );
  return rows.map(({ placeId, total, used }) => ({
    ...{ placeId, kind: 'publicIp' as const },
    ...{ total: Number(total), used: Number(used) },
  }));
}

async function vlanAmounts(tx: Tx, { column, condition }: Within, places: readonly Place[]): Promise<Amount[]> {
  const rows = await sumsOf<'used'>(
    tx,
    sql`SELECT ${column} AS placeId, COUNT(*) AS used FROM network WHERE ${condition} AND vni IS NOT NULL GROUP BY ${column}`,
  );
  const used = new Map(rows.map((row) => [row.placeId, Number(row.used)]));
  return places.map(({ id, vniCount }) => ({
    ...{ placeId: id, kind: 'vlan' as const },
    ...{ total: Number(vniCount ?? 0), used: used.get(id) ?? 0 },
  }));
}
