/**
 * What a placement looks at. A small zone as a whole; of a large one a random sample, so that planners who work at
 * the same time look at different hosts and do not wait for each other's row, and no decision costs more the more
 * hosts there are. The best of a few dozen random hosts is nearly the best of all: load spreads as evenly.
 */
import { OVERCOMMIT } from '@durastack/contracts/compute/overcommit';
import type { HostSnapshot, MachineNeeds, PlacementSnapshot } from '@durastack/contracts/compute/placement';
import { hostLimits, type HostLimits } from '@durastack/model/placement/host-limits';
import {
  readDedications,
  readHosts,
  readPools,
  readPoolsOf,
  reachOf,
  type HostCondition,
} from '@durastack/store/compute/placement-rows';
import type { Tx } from '@durastack/store/database/transaction';

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
  readonly needs: MachineNeeds;
  /** Hosts that do not answer at present: looked at last. */
  readonly silent: ReadonlySet<string>;
}

type Dedications = PlacementSnapshot['dedications'];

/** Reads snapshots; remembers which hosts a zone has, to draw from. */
export class SnapshotReader {
  private readonly zones = new Map<string, KnownIds>();

  /** Snapshots to try one after the other until a reservation succeeds; the last one says why none did. */
  async *attempts(tx: Tx, wanted: Wanted): AsyncGenerator<PlacementSnapshot> {
    const { needs } = wanted;
    const dedications = needs.dedications === 0 ? [] : await readDedications(tx, needs.zoneId);
    const limits = hostLimits(needs, dedications);
    const narrow = await narrowest(tx, needs);
    const ids = narrow === undefined ? await this.idsOf(tx, needs.zoneId) : [];
    if (ids.length > MOST_HOSTS) {
      // What is preferred is looked at first; a random sample would seldom have it.
      if (limits.preferred.length > 0)
        yield await complete(tx, { needs, dedications, hosts: await readPreferred(tx, needs.zoneId, limits) });
      const drawn = limits.only === undefined ? draw(ids, wanted.silent) : [];
      if (drawn.length > 0) yield await complete(tx, { needs, dedications, hosts: await readSample(tx, drawn, needs) });
      const fitting = await readFitting(tx, wanted, limits);
      if (fitting.length > 0) yield await complete(tx, { needs, dedications, hosts: fitting });
    }
    yield await complete(tx, { needs, dedications, hosts: await readFreest(tx, wanted, narrow) });
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

/**
 * Different random ids; none where hardly any answers. Few random hosts may all be silent ones, where the machine would
 * have to wait, so these are not drawn.
 */
function draw(ids: readonly string[], silent: ReadonlySet<string>): string[] {
  // Of tens of thousands each draw would cost more than all else; where few are silent a few draws are in vain.
  const among = silent.size * 2 < ids.length ? ids : ids.filter((id) => !silent.has(id));
  const drawn = new Set<string>();
  if (among.length <= SAMPLE_HOSTS * 2) return [];
  while (drawn.size < SAMPLE_HOSTS) {
    const id = among[Math.floor(Math.random() * among.length)]!;
    if (!silent.has(id)) drawn.add(id);
  }
  return [...drawn];
}

/** The host that was asked for, or those that reach a pool where a disk is. */
async function narrowest(tx: Tx, needs: MachineNeeds): Promise<HostCondition | undefined> {
  if (needs.requestedHostId !== null) return { where: 'id = ?', values: [needs.requestedHostId] };
  const poolIds = needs.disks.flatMap(({ poolId }) => poolId ?? []);
  return reachOf(await readPools(tx, poolIds));
}

function readSample(tx: Tx, ids: readonly string[], { lastHostId }: MachineNeeds): Promise<HostSnapshot[]> {
  return readHosts(tx, OVERCOMMIT, {
    where: 'id IN (?)',
    values: [lastHostId === null ? ids : [...ids, lastHostId]],
  });
}

/** Hosts that the machine prefers: dedicated to its owner, or where a group wants it. */
function readPreferred(tx: Tx, zoneId: string, { preferred }: HostLimits): Promise<HostSnapshot[]> {
  return readHosts(tx, OVERCOMMIT, {
    where: `zone_id = ? AND state = 'Up' AND allocation_state = 'Enabled' AND (id IN (?) OR cluster_id IN (?) OR pod_id IN (?))
      ORDER BY memory DESC LIMIT ${MOST_HOSTS}`,
    values: [zoneId, preferred, preferred, preferred],
  });
}

const silentLast = (silent: ReadonlySet<string>) => (silent.size === 0 ? '' : 'id IN (?),');
const inList = (silent: ReadonlySet<string>) => (silent.size === 0 ? [] : [[...silent]]);

/** Of all hosts of the zone that would do: those with the most memory free. Reads every host. */
function readFitting(tx: Tx, { needs, silent }: Wanted, { only, never }: HostLimits): Promise<HostSnapshot[]> {
  const { host } = OVERCOMMIT;
  const conditions = [
    ...needs.hostTags.map(() => 'FIND_IN_SET(?, tags)'),
    ...(only === undefined ? [] : ['id IN (?)']),
    ...(never.length === 0 ? [] : ['id NOT IN (?) AND cluster_id NOT IN (?) AND pod_id NOT IN (?)']),
  ];
  return readHosts(tx, OVERCOMMIT, {
    where: `zone_id = ? AND state = 'Up' AND allocation_state = 'Enabled' AND hypervisor = ? ${conditions.map((one) => `AND ${one}`).join(' ')}
       AND memory_mib_reserved + ? <= memory_mib - ${host.hostMemoryMib}
       AND cpu_mhz_reserved + ? <= cpu_count * cpu_mhz * ${host.cpuOvercommit} ORDER BY ${silentLast(silent)} memory DESC LIMIT ${MOST_HOSTS}`,
    values: [
      ...[needs.zoneId, needs.hypervisor, ...needs.hostTags],
      ...(only === undefined ? [] : [only.length === 0 ? [''] : only]),
      ...(never.length === 0 ? [] : [never, never, never]),
      ...[needs.memoryMib, needs.cpuMhz, ...inList(silent)],
    ],
  });
}

/** Hosts with the most memory free, whether they would do or not: the plan says why they do not. */
function readFreest(tx: Tx, { needs, silent }: Wanted, narrow: HostCondition | undefined): Promise<HostSnapshot[]> {
  return readHosts(tx, OVERCOMMIT, {
    where: `zone_id = ? AND state IN ('Up', 'Disconnected') ${narrow ? `AND ${narrow.where}` : ''}
     ORDER BY ${silentLast(silent)} id = ? DESC, memory DESC LIMIT ${MOST_HOSTS}`,
    values: [needs.zoneId, ...(narrow?.values ?? []), ...inList(silent), needs.lastHostId ?? ''],
  });
}

/** Adds the pools that the hosts reach; once every disk has one, these alone count. */
async function complete(
  tx: Tx,
  { needs, dedications, hosts }: { needs: MachineNeeds; dedications: Dedications; hosts: readonly HostSnapshot[] },
): Promise<PlacementSnapshot> {
  const poolIds = needs.disks.flatMap(({ poolId }) => poolId ?? []);
  const reached = poolIds.length === needs.disks.length ? [] : await readPoolsOf(tx, needs.zoneId, hosts);
  const known = new Set(reached.map(({ id }) => id));
  const fixed = await readPools(
    tx,
    poolIds.filter((id) => !known.has(id)),
  );
  return { hosts, pools: [...reached, ...fixed], dedications };
}
