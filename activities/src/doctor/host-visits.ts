/** What is on the hosts: each is asked, a bounded number at a time and never for long. */
import type { HostInventory, PoolSpec } from '@durastack/contracts/agent/specs';
import type { ControlEpochReply } from '@durastack/contracts/agent/wire';
import { asDurastackError, type DurastackError } from '@durastack/contracts/errors';
import type { AgentClient } from '@durastack/kit/agent-client/agent-client';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { POOL_SPEC_COLUMNS, toPoolSpec, type PoolSpecRow } from '@durastack/store/storage/pool-spec';
import type { DataSource } from 'typeorm';
import { inParallel } from '../in-parallel.js';

const HOSTS_AT_ONCE = 64;
const ANSWER_WITHIN_MS = 10_000;
/** How many hosts are asked for a pool that the first one did not tell of. */
const TRIES_PER_POOL = 3;

/** A host that should have an agent. */
export interface HostRow {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly url: string;
  readonly zoneId: string;
  readonly clusterId: string;
}

/** A pool that is in use. */
export interface PoolRow {
  readonly id: string;
  readonly spec: PoolSpec;
  readonly name: string;
  readonly zoneId: string;
  readonly clusterId: string | null;
  readonly hostId: string | null;
}

/** What a host said, or why it said nothing. */
export type Visit =
  | { readonly host: HostRow; readonly inventory: HostInventory; readonly identity: ControlEpochReply | undefined }
  | { readonly host: HostRow; readonly failure: DurastackError };

/** What was found on all hosts and pools. */
export interface Visits {
  readonly hosts: ReadonlyMap<string, Visit>;
  readonly pools: readonly PoolRow[];
  /** By pool id; pools that no host told of are missing. */
  readonly poolContents: ReadonlyMap<string, PoolContent>;
}

/** What is on a pool, as one host sees it. */
export interface PoolContent {
  readonly hostId: string;
  readonly volumes: ReadonlySet<string>;
  readonly templates: ReadonlySet<string> | undefined;
}

/** Hosts that are enrolled. */
function readHosts(db: Tx): Promise<HostRow[]> {
  return db.query<HostRow>(
    `SELECT id, name, state, agent_url AS url, zone_id AS zoneId, cluster_id AS clusterId FROM host
      WHERE state IN ('Up', 'Disconnected') AND agent_url IS NOT NULL`,
  );
}

async function readPools(db: Tx): Promise<PoolRow[]> {
  const rows = await db.query<PoolSpecRow & Omit<PoolRow, 'spec'>>(
    `SELECT ${POOL_SPEC_COLUMNS}, p.name, p.zone_id AS zoneId, p.cluster_id AS clusterId, p.host_id AS hostId FROM storage_pool p WHERE p.state = 'Up'`,
  );
  return rows.map((row) => {
    const { id, name, zoneId, clusterId, hostId } = row;
    return { id, name, zoneId, clusterId, hostId, spec: toPoolSpec(row) };
  });
}

const specOf = ({ spec }: PoolRow): PoolSpec => spec;

const reaches = (host: HostRow, pool: PoolRow): boolean =>
  host.zoneId === pool.zoneId &&
  (pool.hostId === null || pool.hostId === host.id) &&
  (pool.clusterId === null || pool.clusterId === host.clusterId);

/**
 * Visits all hosts; a pool that several reach is read by one of them.
 *
 * @param goOn asked before each host; throws when all are to be left alone
 */
export async function visitHosts(db: Tx, client: AgentClient, goOn = async (): Promise<void> => {}): Promise<Visits> {
  const [hosts, pools] = await Promise.all([readHosts(db), readPools(db)]);
  const wanted = new Map<string, PoolRow[]>();
  for (const [index, pool] of pools.entries()) {
    const able = hosts.filter((host) => host.state === 'Up' && reaches(host, pool));
    const host = able[index % Math.max(1, able.length)] ?? hosts.find((one) => reaches(one, pool));
    if (host) wanted.set(host.id, [...(wanted.get(host.id) ?? []), pool]);
  }
  const visits = new Map<string, Visit>();
  await inParallel(hosts, HOSTS_AT_ONCE, async (host) => {
    await goOn();
    visits.set(host.id, await visit(client, host, wanted.get(host.id) ?? []));
  });
  const poolContents = contentsOf(visits);
  await inParallel(
    pools.filter(({ id }) => !poolContents.has(id)),
    HOSTS_AT_ONCE,
    (pool) => readElsewhere(client, pool, { visits, poolContents }),
  );
  return { hosts: visits, pools, poolContents };
}

/** Visits these hosts again, and takes the rest as it was. */
export async function revisitHosts(client: AgentClient, before: Visits, hostIds: ReadonlySet<string>): Promise<Visits> {
  const hosts = new Map(before.hosts);
  await inParallel([...hostIds], HOSTS_AT_ONCE, async (hostId) => {
    const known = hosts.get(hostId);
    if (!known) return;
    const pools = before.pools.filter(({ id }) => before.poolContents.get(id)?.hostId === hostId);
    hosts.set(hostId, await visit(client, known.host, pools));
  });
  const poolContents = new Map(before.poolContents);
  for (const [poolId, { hostId }] of before.poolContents) if (hostIds.has(hostId)) poolContents.delete(poolId);
  for (const [poolId, content] of contentsOf(hosts)) if (!poolContents.has(poolId)) poolContents.set(poolId, content);
  return { ...before, hosts, poolContents };
}

async function visit(client: AgentClient, host: HostRow, pools: readonly PoolRow[]): Promise<Visit> {
  try {
    const limit = { timeoutMs: ANSWER_WITHIN_MS };
    const inventory = await client.call(host, 'getInventory', { pools: pools.map(specOf) }, limit);
    // Epoch 0 is older than any: the host changes nothing, and says what counts there.
    const identity = await client.adoptControlEpoch(host, 0, limit);
    return { host, inventory, identity };
  } catch (error) {
    return { host, failure: asDurastackError(error) };
  }
}

function contentsOf(visits: ReadonlyMap<string, Visit>): Map<string, PoolContent> {
  const contents = new Map<string, PoolContent>();
  for (const [hostId, seen] of visits) if ('inventory' in seen) note(contents, hostId, seen.inventory);
  return contents;
}

function note(contents: Map<string, PoolContent>, hostId: string, { volumes, templates }: HostInventory): void {
  for (const [poolId, ids] of Object.entries(volumes)) {
    const bases = templates?.[poolId];
    contents.set(poolId, { hostId, volumes: new Set(ids), templates: bases && new Set(bases) });
  }
}

async function readElsewhere(
  client: AgentClient,
  pool: PoolRow,
  known: { visits: ReadonlyMap<string, Visit>; poolContents: Map<string, PoolContent> },
): Promise<void> {
  const answered = [...known.visits.values()].filter((seen) => 'inventory' in seen && reaches(seen.host, pool));
  for (const { host } of answered.slice(0, TRIES_PER_POOL)) {
    const seen = await visit(client, host, [pool]);
    if ('inventory' in seen) return note(known.poolContents, host.id, seen.inventory);
  }
  return undefined;
}

/** The whole inventory of every enrolled host, with all pools that it reaches. Throws when one does not answer. */
export async function readInventories(source: DataSource, client: AgentClient): Promise<Map<string, HostInventory>> {
  const db = autocommit(source);
  const [hosts, pools] = await Promise.all([readHosts(db), readPools(db)]);
  const result = new Map<string, HostInventory>();
  await inParallel(hosts, HOSTS_AT_ONCE, async (host) => {
    const reached = pools.filter((pool) => reaches(host, pool));
    result.set(host.id, await client.call(host, 'getInventory', { pools: reached.map(specOf) }));
  });
  return result;
}
