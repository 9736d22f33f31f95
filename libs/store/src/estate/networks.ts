/** Isolated networks and public addresses of an estate. */
import { DurastackError } from '@durastack/contracts/errors';
import { SEEDED_NETWORK_OFFERINGS } from '@durastack/contracts/network/network-offerings';
import { newId } from '@durastack/kit/ids/new-id';
import type { DataSource } from 'typeorm';
import { insertRow, insertRows } from '../database/rows.js';
import { autocommit, transaction, type Tx } from '../database/transaction.js';
import { inBatches, newIds, type RowCount } from './batches.js';
import type { EstateGround } from './ground.js';
import { ownerAt, type Tenants } from './tenants.js';

const FIRST_VNI = 5_000;
const MOST_VNI = 16_777_215;
const VXLAN_MTU = 1_450;
/** Every network has the same addresses: each is apart from the others. */
const RANGE = { cidr: '10.1.1.0/24', gateway: '10.1.1.1', start_ip: '10.1.1.1', end_ip: '10.1.1.254' };
const OFFERING = 'DefaultIsolatedNetworkOfferingWithSourceNatService';
/** 100.64.0.0/10 (RFC 6598), a range of 256 × 256 addresses after the other. */
const FIRST_PUBLIC = (100 << 24) + (64 << 16);
const BLOCK_SIZE = 2 ** 22;
const RANGE_SIZE = 65_536;
/** Of a range: its network, its gateway and its broadcast address are nobody's. */
const RANGE_USED = RANGE_SIZE - 3;

/** A network of an estate. */
export interface EstateNetwork {
  readonly id: string;
  /** The address of its n-th machine, from 0. */
  readonly addressAt: (index: number) => string;
}

const addressAt = (index: number) => `10.1.1.${index + 2}`;

/** Writes networks; the zone's range of VNIs grows by what they need. */
export async function makeNetworks(
  source: DataSource,
  { zoneId, prefix, instance }: EstateGround,
  { tenants, count }: { readonly tenants: Tenants; readonly count: number },
): Promise<{ networks: readonly EstateNetwork[]; rows: RowCount }> {
  const ids = newIds(count);
  const first = count === 0 ? 0 : await transaction(source, (tx) => takeVnis(tx, zoneId, count));
  const offering = SEEDED_NETWORK_OFFERINGS.find(({ name }) => name === OFFERING);
  const created_at = new Date();
  const rows = await inBatches(source, count, async (tx, indices) => {
    const some = indices.map((index) => {
      const { accountId: account_id, domainId: domain_id } = ownerAt(tenants, index);
      const [name, vni] = [`${prefix}-network-${index + 1}`, first + index];
      return {
        ...{ id: ids[index], name, display_text: name, account_id, domain_id, zone_id: zoneId, kind: 'Isolated' },
        ...{
          offering_id: offering?.id,
          acl: 'account',
          driver: 'ovs',
          bridge: `${instance}-x${vni.toString(36)}`,
          vni,
        },
        ...{ mtu: VXLAN_MTU, ...RANGE, state: 'Implemented', created_at },
      };
    });
    await insertRows(tx, 'network', some);
    return some.length;
  });
  return { networks: ids.map((id) => ({ id, addressAt })), rows };
}

/** Those behind all that are taken. @returns the first of so many */
async function takeVnis(tx: Tx, zoneId: string, count: number): Promise<number> {
  const [zone] = await tx.query<{ first: number | null; last: number | null }>(
    'SELECT vni_first AS first, vni_last AS last FROM zone WHERE id = ? FOR UPDATE',
    [zoneId],
  );
  const [taken] = await tx.query<{ most: number | null }>('SELECT MAX(vni) AS most FROM network WHERE zone_id = ?', [
    zoneId,
  ]);
  const begin = Math.max(zone?.first ?? FIRST_VNI, (taken?.most ?? 0) + 1);
  const last = Math.max(zone?.last ?? 0, begin + count - 1);
  if (last > MOST_VNI)
    throw new DurastackError('NO_CAPACITY', `The zone has no ${count} VNIs left: the last would be ${last}.`);
  await tx.execute('UPDATE zone SET vni_first = COALESCE(vni_first, ?), vni_last = ? WHERE id = ?', [
    FIRST_VNI,
    last,
    zoneId,
  ]);
  return begin;
}

/** Where the block of {@link FIRST_PUBLIC} begins to be free. */
async function firstFree(tx: Tx, zoneId: string): Promise<number> {
  const [taken] = await tx.query<{ last: number | null }>(
    'SELECT MAX(position) AS last FROM public_ip WHERE zone_id = ? AND position BETWEEN ? AND ?',
    [zoneId, FIRST_PUBLIC, FIRST_PUBLIC + BLOCK_SIZE - 1],
  );
  if (taken?.last === null || taken === undefined) return FIRST_PUBLIC;
  return FIRST_PUBLIC + Math.ceil((Number(taken.last) + 1 - FIRST_PUBLIC) / RANGE_SIZE) * RANGE_SIZE;
}

const dotted = (position: number) => [24, 16, 8, 0].map((shift) => (position >>> shift) & 255).join('.');

/** Writes ranges of public addresses, all of them given out: to the networks' owners, for their networks. */
export async function makePublicIps(
  source: DataSource,
  { zoneId }: EstateGround,
  { tenants, networks, count }: { tenants: Tenants; networks: readonly EstateNetwork[]; count: number },
): Promise<RowCount> {
  const created_at = new Date();
  const begin = count === 0 ? 0 : await firstFree(autocommit(source), zoneId);
  const ranges = Array.from({ length: Math.ceil(count / RANGE_USED) }, (_, index) => ({
    id: newId(),
    base: begin + index * RANGE_SIZE,
    size: Math.min(RANGE_USED, count - index * RANGE_USED),
  }));
  await transaction(source, async (tx) => {
    for (const { id, base, size } of ranges)
      await insertRow(tx, 'vlan_ip_range', {
        ...{ id, zone_id: zoneId, vlan: 'untagged', gateway: dotted(base + 1), netmask: '255.255.0.0' },
        ...{ start_ip: dotted(base + 2), end_ip: dotted(base + 1 + size), created_at },
      });
  });
  const ids = newIds(count);
  const rows = await inBatches(source, count, async (tx, indices) => {
    const some = indices.map((index) => {
      const range = ranges[Math.floor(index / RANGE_USED)]!;
      const position = range.base + 2 + (index % RANGE_USED);
      const { accountId: account_id, domainId: domain_id } = ownerAt(tenants, index);
      return {
        ...{ id: ids[index], range_id: range.id, zone_id: zoneId, ip: dotted(position), position, state: 'Allocated' },
        ...{ account_id, domain_id, network_id: networks[index]?.id, allocated_at: created_at, created_at },
      };
    });
    await insertRows(tx, 'public_ip', some);
    return some.length;
  });
  return rows + ranges.length;
}
