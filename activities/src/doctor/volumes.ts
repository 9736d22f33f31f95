/** Volumes and base images in the database and on pools. Pools that nobody told of are not judged. */
import type { Tx } from '@durastack/store/database/transaction';
import { poolPlaces } from '@durastack/store/storage/pool-spec';
import type { Check } from './examination.js';
import { finding, type Finding } from './finding.js';
import type { FindingKindName } from './finding-kinds.js';
import type { PoolContent, PoolRow, Visits } from './host-visits.js';

interface VolumeRow {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly poolId: string | null;
  readonly vmId: string | null;
}

/** Every question of this area. */
export const checkVolumes: Check = async ({ db, visits }) => [
  ...unread(visits),
  ...(await volumes(db, visits)),
  ...(await templates(db, visits)),
];

function unread({ pools, poolContents, hosts }: Visits): Finding[] {
  const zones = new Set([...hosts.values()].map(({ host }) => host.zoneId));
  return pools
    .filter(
      ({ id, zoneId, hostId }) => !poolContents.has(id) && (hostId === null ? zones.has(zoneId) : hosts.has(hostId)),
    )
    .map((pool) =>
      finding('pool-unread', {
        resource: { type: 'storage-pool', id: pool.id },
        where: `pool ${pool.name}`,
        what: `No host could tell what is on pool ${pool.name} (${poolPlaces(pool.spec).root})`,
      }),
    );
}

async function volumes(db: Tx, visits: Visits): Promise<Finding[]> {
  const rows = await db.query<VolumeRow>('SELECT id, name, state, pool_id AS poolId, vm_id AS vmId FROM volume');
  const known = new Map(rows.map((row) => [row.id, row]));
  const found: Finding[] = [];
  for (const pool of visits.pools) {
    const content = visits.poolContents.get(pool.id);
    if (content) found.push(...onPool(pool, content, known));
  }
  for (const row of rows) {
    const content = row.poolId === null ? undefined : visits.poolContents.get(row.poolId);
    if (!content || !shouldExist(row) || content.volumes.has(row.id)) continue;
    const pool = visits.pools.find(({ id }) => id === row.poolId);
    found.push(
      finding('volume-missing', {
        ...about(row, content.hostId),
        where: `pool ${pool?.name ?? row.poolId}`,
        what: `The volume ${row.name} is ${row.state}, but ${pool && poolPlaces(pool.spec).volume(row.id)} does not exist`,
      }),
    );
  }
  return found;
}

const shouldExist = ({ state }: VolumeRow): boolean => state === 'Ready' || state === 'Destroy';

function about({ id, vmId }: Pick<VolumeRow, 'id' | 'vmId'>, hostId: string) {
  const resource = { type: 'volume', id };
  const touches = vmId === null ? [resource] : [resource, { type: 'virtual-machine', id: vmId }];
  return { resource, touches, details: { hostId } };
}

function onPool(pool: PoolRow, content: PoolContent, known: ReadonlyMap<string, VolumeRow>): Finding[] {
  return [...content.volumes].flatMap((id) => {
    const row = known.get(id);
    if (row && shouldExist(row) && row.poolId === pool.id) return [];
    const places = poolPlaces(pool.spec);
    const path = places.volume(id);
    const look = `look with: ${places.look(path)}`;
    const where = `pool ${pool.name}`;
    const place = pool.id;
    if (!row) {
      const what = `${path} belongs to no volume that the database knows; ${look}`;
      return [finding('volume-unknown', { ...about({ id, vmId: null }, content.hostId), where, what, place })];
    }
    const kind: FindingKindName = row.state === 'Allocated' ? 'volume-before-its-time' : 'volume-not-removed';
    const elsewhere = shouldExist(row) ? ' on another pool' : '';
    const what = `The volume ${row.name} is ${row.state}${elsewhere}, but ${path} exists; ${look}`;
    return [finding(kind, { ...about(row, content.hostId), where, what, place })];
  });
}

interface BaseRow {
  readonly templateId: string;
  readonly poolId: string;
  readonly name: string | null;
  readonly readyAt: Date | null;
}

async function templates(db: Tx, visits: Visits): Promise<Finding[]> {
  const rows = await db.query<BaseRow>(
    `SELECT p.template_id AS templateId, p.pool_id AS poolId, t.name, p.ready_at AS readyAt
       FROM template_on_pool p LEFT JOIN template t ON t.id = p.template_id`,
  );
  const expected = new Set(rows.map(({ templateId, poolId }) => `${templateId} ${poolId}`));
  const found: Finding[] = [];
  for (const row of rows) {
    const content = visits.poolContents.get(row.poolId);
    if (row.readyAt === null || !content?.templates || content.templates.has(row.templateId)) continue;
    const pool = visits.pools.find(({ id }) => id === row.poolId);
    found.push(
      finding('template-missing', {
        resource: { type: 'template', id: row.templateId },
        where: `pool ${pool?.name ?? row.poolId}`,
        what: `The base image of template ${row.name ?? row.templateId} is recorded on pool ${pool?.name ?? row.poolId}, but ${pool && poolPlaces(pool.spec).template(row.templateId)} does not exist`,
        since: row.readyAt,
        place: row.poolId,
        details: { poolId: row.poolId, hostId: content.hostId },
      }),
    );
  }
  for (const pool of visits.pools) {
    const content = visits.poolContents.get(pool.id);
    for (const templateId of content?.templates ?? []) {
      if (expected.has(`${templateId} ${pool.id}`)) continue;
      const places = poolPlaces(pool.spec);
      const path = places.template(templateId);
      found.push(
        finding('template-unknown', {
          resource: { type: 'template', id: templateId },
          where: `pool ${pool.name}`,
          what: `${path} is recorded for no template; look with: ${places.look(path)}`,
          place: pool.id,
          details: { poolId: pool.id, hostId: content?.hostId ?? '' },
        }),
      );
    }
  }
  return found;
}
