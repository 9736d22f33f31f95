/** Dedication of hosts, clusters, pods and zones: all four the same way. */
import type { DedicationSnapshot } from '@durastack/contracts/compute/placement';
import { DurastackError } from '@durastack/contracts/errors';
import { newId } from '@durastack/kit/ids/new-id';
import { takesOwner } from '@durastack/model/placement/judge-dedications';
import { insertRow, requireRow } from '@durastack/store/database/rows';
import { transaction, type Tx } from '@durastack/store/database/transaction';
import { notFound } from '@durastack/store/identity/access';
import type { DataSource } from 'typeorm';

/** What can be dedicated. */
export interface Place {
  readonly type: DedicationSnapshot['resourceType'];
  readonly id: string;
}

/** Whom it is dedicated to. */
interface Dedicatee {
  readonly domainId: string;
  readonly domainPath: string;
  readonly accountId: string | null;
}

/** The column of a host that says where it is. */
const HOST_COLUMN = { host: 'id', cluster: 'cluster_id', pod: 'pod_id', zone: 'zone_id' } as const;

/**
 * Dedicates a place, while its hosts are held: whoever reserves on one of them comes before, and is seen here, or
 * after, and sees the dedication.
 *
 * @returns the id of the dedication
 * @throws DurastackError NOT_FOUND; CONFLICT when it is dedicated already, when something above or below it is
 *   dedicated to others, or while machines of others run there
 */
export function dedicate(
  source: DataSource,
  place: Place,
  params: { readonly domainId: string; readonly account?: string | undefined },
): Promise<string> {
  return transaction(source, async (tx) => {
    const parameter = `${place.type}id`;
    const where = place.type === 'host' ? "state <> 'Removed'" : 'TRUE';
    const row = await requireRow<{ zone_id?: string }>(tx, place, { parameter, where, lock: 'update' });
    const dedicatee = await readDedicatee(tx, params);
    await tx.query(`SELECT id FROM host WHERE ${HOST_COLUMN[place.type]} = ? ORDER BY id FOR UPDATE`, [place.id]);
    const zoneId = row.zone_id ?? place.id;
    await refuseOverlap(tx, { place, zoneId }, dedicatee);
    await refuseForeigners(tx, place, dedicatee);
    const id = newId();
    await insertRow(tx, 'dedication', {
      id,
      resource_type: place.type,
      resource_id: place.id,
      zone_id: zoneId,
      domain_id: dedicatee.domainId,
      account_id: dedicatee.accountId,
      created_at: new Date(),
    });
    return id;
  });
}

/** Ends a dedication. NOT_FOUND when the place is not dedicated. */
export async function releaseDedicated(tx: Tx, { type, id }: Place): Promise<void> {
  const gone = await tx.execute('DELETE FROM dedication WHERE resource_type = ? AND resource_id = ?', [type, id]);
  if (gone.affectedRows > 0) return;
  await requireRow(tx, { type, id }, { parameter: `${type}id` });
  throw new DurastackError('NOT_FOUND', `The ${type} ${id} is not dedicated.`);
}

async function readDedicatee(
  tx: Tx,
  { domainId, account }: { readonly domainId: string; readonly account?: string | undefined },
): Promise<Dedicatee> {
  const { path } = await requireRow<{ path: string }>(
    tx,
    { type: 'domain', id: domainId },
    { parameter: 'domainid', where: 'NOT removed' },
  );
  if (account === undefined) return { domainId, domainPath: path, accountId: null };
  const [row] = await tx.query<{ id: string }>(
    "SELECT id FROM account WHERE domain_id = ? AND name = ? AND state <> 'removed'",
    [domainId, account],
  );
  if (!row) throw notFound('account', account);
  return { domainId, domainPath: path, accountId: row.id };
}

type Other = DedicationSnapshot & { readonly podId: string | null; readonly clusterId: string | null };

/** What is narrower must be for some of those that the wider one is for: else no machine could use it. */
async function refuseOverlap(
  tx: Tx,
  { place, zoneId }: { place: Place; zoneId: string },
  dedicatee: Dedicatee,
): Promise<void> {
  const others = await tx.query<Other>(
    `SELECT x.resource_type AS resourceType, x.resource_id AS resourceId, x.account_id AS accountId, d.path AS domainPath
       FROM dedication x JOIN domain d ON d.id = x.domain_id WHERE x.zone_id = ?`,
    [zoneId],
  );
  const above = new Set(await placesAbove(tx, place));
  const below = new Set(await placesBelow(tx, place));
  for (const other of others) {
    if (other.resourceId === place.id)
      throw new DurastackError('CONFLICT', `The ${place.type} ${place.id} is dedicated already; release it first.`);
    const fits =
      (!above.has(other.resourceId) || within(dedicatee, other)) &&
      (!below.has(other.resourceId) || within(other, dedicatee));
    if (fits) continue;
    throw new DurastackError(
      'CONFLICT',
      `The ${other.resourceType} ${other.resourceId} is dedicated to others: no machine could use both. Release it first.`,
    );
  }
}

type For = Pick<Dedicatee, 'accountId' | 'domainPath'>;

/** Whether everybody whom the narrower one takes is taken by the wider one. */
function within(narrow: For, wide: For): boolean {
  if (narrow.accountId === null) return wide.accountId === null && narrow.domainPath.startsWith(wide.domainPath);
  return takesOwner(wide, { accountId: narrow.accountId, domainPath: narrow.domainPath });
}

async function placesAbove(tx: Tx, { type, id }: Place): Promise<string[]> {
  const columns = { host: 'zone_id, pod_id, cluster_id', cluster: 'zone_id, pod_id', pod: 'zone_id', zone: undefined };
  if (columns[type] === undefined) return [];
  const [row] = await tx.query<Record<string, string>>(`SELECT ${columns[type]} FROM ${type} WHERE id = ?`, [id]);
  return Object.values(row ?? {});
}

async function placesBelow(tx: Tx, { type, id }: Place): Promise<string[]> {
  if (type === 'host') return [];
  const column = HOST_COLUMN[type];
  const tables = ({ zone: ['pod', 'cluster', 'host'], pod: ['cluster', 'host'], cluster: ['host'] } as const)[type];
  const rows = await tx.query<{ id: string }>(
    tables
      .map(
        (table) =>
          `SELECT x.resource_id AS id FROM dedication x JOIN ${table} t ON t.id = x.resource_id WHERE t.${column} = ?`,
      )
      .join(' UNION ALL '),
    tables.map(() => id),
  );
  return rows.map((row) => row.id);
}

const SHOWN = 5;

/** Machines that run there, or have room reserved there, must all be of the one whom it shall be for. */
async function refuseForeigners(tx: Tx, { type, id }: Place, dedicatee: Dedicatee): Promise<void> {
  const own = dedicatee.accountId === null ? "d.path LIKE CONCAT(?, '%')" : 'v.account_id = ?';
  const rows = await tx.query<{ name: string }>(
    `SELECT v.name FROM host h JOIN virtual_machine v ON v.host_id = h.id JOIN domain d ON d.id = v.domain_id
      WHERE h.${HOST_COLUMN[type]} = ? AND v.state <> 'Expunged' AND NOT (${own})
     UNION
     SELECT v.name FROM host h JOIN reservation r ON r.resource_type = 'host' AND r.resource_id = h.id JOIN virtual_machine v ON v.id = r.owner_id
       JOIN domain d ON d.id = v.domain_id WHERE h.${HOST_COLUMN[type]} = ? AND NOT (${own}) ORDER BY name`,
    [id, dedicatee.accountId ?? dedicatee.domainPath, id, dedicatee.accountId ?? dedicatee.domainPath],
  );
  if (rows.length === 0) return;
  const names = rows.slice(0, SHOWN).map(({ name }) => name);
  throw new DurastackError(
    'CONFLICT',
    `${rows.length} virtual machines of others run in the ${type} ${id} (${names.join(', ')}${rows.length > SHOWN ? ', …' : ''}); move or stop them first.`,
    { details: { count: rows.length } },
  );
}
