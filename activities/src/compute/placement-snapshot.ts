/**
 * What a placement looks at. A small zone as a whole; of a large one a random sample, so that planners who work at
 * the same time look at different hosts and do not wait for each other's row, and no decision costs more the more
 * hosts there are. The best of a few dozen random hosts is nearly the best of all: load spreads as evenly.
 */
import { OVERCOMMIT } from '@durastack/model/placement/overcommit';
import type { HostSnapshot, PlacementRequest, PoolSnapshot } from '@durastack/model/placement/plan-placement';
import type { Tx } from '@durastack/store/database/transaction';

/** Hosts and pools as they were a moment ago; the reservation decides. */
export interface Snapshot {
  readonly hosts: readonly HostSnapshot[];
  readonly pools: readonly PoolSnapshot[];
}

/** How many hosts one decision looks at, at most. */
const MOST_HOSTS = 200;
/** How many random hosts of a larger zone. */
const SAMPLE_HOSTS = 40;
/** How old the list of hosts to draw from may be. A host missing from it is found when the sample gives none. */
const IDS_MAX_AGE_MS = 10_000;

interface KnownIds {
  readonly ids: readonly string[];
  readonly readAt: number;
}

/** What a snapshot is for. */
export interface Wanted {
  readonly request: PlacementRequest;
  /** Hosts that do not answer at present: looked at last. */
  readonly silent: ReadonlySet<string>;
}

/** Reads snapshots; remembers which hosts a zone has, to draw from. */
export class SnapshotReader {
  private readonly zones = new Map<string, KnownIds>();

  /** Snapshots to try one after the other until a reservation succeeds; the last one says why none did. */
  async *attempts(tx: Tx, zoneId: string, wanted: Wanted): AsyncGenerator<Snapshot> {
    const { request } = wanted;
    const only = await narrowest(tx, request);
    const ids = only === undefined ? await this.idsOf(tx, zoneId) : [];
    if (ids.length > MOST_HOSTS) {
      yield await complete(tx, zoneId, { request, hosts: await readSample(tx, draw(ids), request) });
      const fitting = await readFitting(tx, zoneId, wanted);
      if (fitting.length > 0) yield await complete(tx, zoneId, { request, hosts: fitting });
    }
    yield await complete(tx, zoneId, { request, hosts: await readFreest(tx, zoneId, { ...wanted, only }) });
  }

  private async idsOf(tx: Tx, zoneId: string): Promise<readonly string[]> {
    const known = this.zones.get(zoneId);
    if (known && performance.now() - known.readAt < IDS_MAX_AGE_MS) return known.ids;
    const rows = await tx.query<{ id: string }>("SELECT id FROM host WHERE zone_id = ? AND state = 'Up'", [zoneId]);
    const ids = rows.map(({ id }) => id);
    this.zones.set(zoneId, { ids, readAt: performance.now() });
    return ids;
  }
}

/** Different random ids. */
function draw(ids: readonly string[]): string[] {
  const drawn = new Set<string>();
  while (drawn.size < SAMPLE_HOSTS) drawn.add(ids[Math.floor(Math.random() * ids.length)]!);
  return [...drawn];
}

/** A condition on hosts that leaves few of them. */
interface Narrowing {
  readonly column: 'id' | 'cluster_id';
  readonly value: string;
}

/** The host that was asked for, or those that reach the pool where the disk is. */
async function narrowest(tx: Tx, request: PlacementRequest): Promise<Narrowing | undefined> {
  if (request.requestedHostId !== undefined) return { column: 'id', value: request.requestedHostId };
  if (request.fixedPoolId === undefined) return undefined;
  const [pool] = await tx.query<{ hostId: string | null; clusterId: string | null }>(
    'SELECT host_id AS hostId, cluster_id AS clusterId FROM storage_pool WHERE id = ?',
    [request.fixedPoolId],
  );
  if (pool?.hostId) return { column: 'id', value: pool.hostId };
  return pool?.clusterId ? { column: 'cluster_id', value: pool.clusterId } : undefined;
}

const HOST_COLUMNS = `id, name, cluster_id AS clusterId, zone_id AS zoneId, state, allocation_state AS allocationState, hypervisor, tags,
  cpu_count * cpu_mhz * ${OVERCOMMIT.host.cpuOvercommit} - cpu_mhz_reserved AS cpu,
  memory_mib - ${OVERCOMMIT.host.hostMemoryMib} - memory_mib_reserved AS memory, memory_mib AS memoryMib`;

async function readHosts(tx: Tx, rest: string, values: readonly unknown[]): Promise<HostSnapshot[]> {
  const rows = await tx.query<
    Omit<HostSnapshot, 'tags' | 'cpuMhzFree' | 'memoryMibFree'> & { tags: string | null; cpu: number; memory: number }
  >(`SELECT ${HOST_COLUMNS} FROM host WHERE ${rest}`, values);
  return rows.map(({ tags, cpu, memory, ...host }) => ({
    ...host,
    tags: splitTags(tags),
    cpuMhzFree: Number(cpu),
    memoryMibFree: Number(memory),
  }));
}

/** The words of a comma-joined column. */
export const splitTags = (tags: string | null) => (tags ?? '').split(',').filter((tag) => tag !== '');

function readSample(tx: Tx, ids: readonly string[], { lastHostId }: PlacementRequest): Promise<HostSnapshot[]> {
  return readHosts(tx, 'id IN (?)', [lastHostId === undefined ? ids : [...ids, lastHostId]]);
}

const silentLast = (silent: ReadonlySet<string>) => (silent.size === 0 ? '' : 'id IN (?),');
const inList = (silent: ReadonlySet<string>) => (silent.size === 0 ? [] : [[...silent]]);

/** Of all hosts of the zone that would do: those with the most memory free. Reads every host. */
function readFitting(tx: Tx, zoneId: string, { request, silent }: Wanted): Promise<HostSnapshot[]> {
  const tags = request.hostTags.map(() => 'AND FIND_IN_SET(?, tags)').join(' ');
  return readHosts(
    tx,
    `zone_id = ? AND state = 'Up' AND allocation_state = 'Enabled' AND hypervisor = ? ${tags}
       AND memory_mib_reserved + ? <= memory_mib - ${OVERCOMMIT.host.hostMemoryMib}
       AND cpu_mhz_reserved + ? <= cpu_count * cpu_mhz * ${OVERCOMMIT.host.cpuOvercommit} ORDER BY ${silentLast(silent)} memory DESC LIMIT ${MOST_HOSTS}`,
    [zoneId, request.hypervisor, ...request.hostTags, request.memoryMib, request.cpuMhz, ...inList(silent)],
  );
}

/** Hosts with the most memory free, whether they would do or not: the plan says why they do not. */
function readFreest(
  tx: Tx,
  zoneId: string,
  { request, silent, only }: Wanted & { only: Narrowing | undefined },
): Promise<HostSnapshot[]> {
  return readHosts(
    tx,
    `zone_id = ? AND state IN ('Up', 'Disconnected') ${only ? `AND ${only.column} = ?` : ''}
     ORDER BY ${silentLast(silent)} id = ? DESC, memory DESC LIMIT ${MOST_HOSTS}`,
    [zoneId, ...(only ? [only.value] : []), ...inList(silent), request.lastHostId ?? ''],
  );
}

/** Adds the pools that the hosts reach; once the disk has one, that alone counts. */
async function complete(
  tx: Tx,
  zoneId: string,
  { request, hosts }: { request: PlacementRequest; hosts: readonly HostSnapshot[] },
): Promise<Snapshot> {
  if (hosts.length === 0) return { hosts, pools: [] };
  const columns = `SELECT id, zone_id AS zoneId, cluster_id AS clusterId, host_id AS hostId, state, allocation_state AS allocationState,
    capacity_bytes * ${OVERCOMMIT.pool.overprovisioning} - reserved_bytes AS bytesFree FROM storage_pool WHERE state <> 'Removed'`;
  const clusterIds = [...new Set(hosts.map(({ clusterId }) => clusterId))];
  const rows =
    request.fixedPoolId === undefined
      ? await tx.query<PoolSnapshot>(
          `${columns} AND zone_id = ? AND cluster_id IS NULL AND host_id IS NULL
           UNION ALL ${columns} AND zone_id = ? AND cluster_id IN (?) AND host_id IS NULL
           UNION ALL ${columns} AND host_id IN (?)`,
          [zoneId, zoneId, clusterIds, hosts.map(({ id }) => id)],
        )
      : await tx.query<PoolSnapshot>(`${columns} AND id = ?`, [request.fixedPoolId]);
  return { hosts, pools: rows.map((row) => ({ ...row, bytesFree: Number(row.bytesFree) })) };
}
