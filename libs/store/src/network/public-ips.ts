/** Giving out public addresses, and taking them back. */
import { DurastackError } from '@durastack/contracts/errors';
import { newId } from '@durastack/kit/ids/new-id';
import type { Tx } from '../database/transaction.js';
import type { Owner } from '../identity/access.js';

/** Rows of one statement. */
const AT_ONCE = 1_000;

/**
 * Writes the addresses of a new range, all free.
 *
 * @throws DurastackError CONFLICT when another range of the zone has one of them
 */
export async function addPublicIps(
  tx: Tx,
  { rangeId, zoneId }: { rangeId: string; zoneId: string },
  addresses: readonly string[],
): Promise<void> {
  for (let begin = 0; begin < addresses.length; begin += AT_ONCE) {
    const some = addresses.slice(begin, begin + AT_ONCE);
    await tx.execute(
      `INSERT INTO public_ip (id, range_id, zone_id, ip, position, state, created_at) VALUES ${some.map(() => "(?, ?, ?, ?, INET_ATON(?), 'Free', NOW(3))").join(', ')}`,
      some.flatMap((ip) => [newId(), rangeId, zoneId, ip, ip]),
    );
  }
}

/** What is wanted of an address. */
export interface WantedPublicIp {
  readonly zoneId: string;
  readonly owner: Owner;
  readonly networkId: string | null;
  /** The very address, when one was asked for. */
  readonly ip?: string | undefined;
}

/**
 * Gives an owner a free address: one of the owner's own ranges first, then the lowest. Others who do the same at the
 * same time are passed by, not waited for.
 *
 * @returns its id
 * @throws DurastackError NO_CAPACITY when there is none; CONFLICT when the one asked for is taken
 */
export async function takePublicIp(tx: Tx, wanted: WantedPublicIp): Promise<string> {
  const { zoneId, owner, networkId, ip } = wanted;
  // Read apart: rows that a locking read joins would be locked with it, and passed by by others.
  const ranges = await tx.query<{ id: string; own: number }>(
    'SELECT id, account_id IS NOT NULL AS own FROM vlan_ip_range WHERE zone_id = ? AND (account_id IS NULL OR account_id = ?)',
    [zoneId, owner.accountId],
  );
  const common = ranges.filter(({ own }) => !own);
  const own = ranges.filter((range) => range.own);
  const free = (await lowestFree(tx, own, wanted)) ?? (await lowestFree(tx, common, wanted));
  if (free === undefined && ip !== undefined)
    throw new DurastackError('CONFLICT', `The public address ${ip} is taken, or none of the zone's.`);
  if (free === undefined) throw new DurastackError('NO_CAPACITY', 'The zone has no free public address.');
  await tx.execute(
    "UPDATE public_ip SET state = 'Allocated', account_id = ?, domain_id = ?, network_id = ?, allocated_at = NOW(3) WHERE id = ?",
    [owner.accountId, owner.domainId, networkId, free.id],
  );
  return free.id;
}

/** Passes by what others are about to take; only when nothing is left, waits for how that ends. */
async function lowestFree(
  tx: Tx,
  ranges: readonly { id: string }[],
  { zoneId, ip }: WantedPublicIp,
): Promise<{ id: string } | undefined> {
  if (ranges.length === 0) return undefined;
  for (const others of ['SKIP LOCKED', '']) {
    // Another index would be sorted, and all that is sorted would be locked.
    const [row] = await tx.query<{ id: string }>(
      `SELECT id FROM public_ip FORCE INDEX (public_ip_state) WHERE zone_id = ? AND state = 'Free'
         ${ip === undefined ? '' : 'AND position = INET_ATON(?)'} AND range_id IN (?)
        ORDER BY position LIMIT 1 FOR UPDATE ${others}`,
      [zoneId, ...(ip === undefined ? [] : [ip]), ranges.map(({ id }) => id)],
    );
    if (row !== undefined) return row;
  }
  return undefined;
}

const FREED = "state = 'Free', account_id = NULL, domain_id = NULL, network_id = NULL, allocated_at = NULL";

/** Takes one back; nothing when it is free. */
export async function freePublicIp(tx: Tx, id: string): Promise<void> {
  await tx.execute(`UPDATE public_ip SET ${FREED} WHERE id = ?`, [id]);
}

/** Takes back what a network held; repeating it changes nothing. */
export async function freePublicIpsOf(tx: Tx, networkId: string): Promise<void> {
  await tx.execute(`UPDATE public_ip SET ${FREED} WHERE network_id = ?`, [networkId]);
}
