import { randomBytes } from 'node:crypto';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import { newId } from '@durastack/kit/ids/new-id';
import { toStoreError, type Tx } from '../database/transaction.js';

/** A network that a machine joins, with the address that was asked for. */
export interface WantedNetwork {
  readonly id: string;
  readonly ip?: string | undefined;
}

/** Arithmetic of addresses, which is not this library's matter. */
export interface AddressPlan {
  /** Whether a machine in the network can have the address. */
  isUsable(cidr: string, ip: string): boolean;
  freeAddresses(
    range: { readonly startIp: string; readonly endIp: string; readonly reserved: readonly string[] },
    used: ReadonlySet<string>,
    start: number,
  ): Iterable<string>;
}

/** Attempts at an address that a parallel deploy takes first. */
const ATTEMPTS = 20;

interface NetworkRow {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly cidr: string;
  readonly gateway: string;
  readonly startIp: string;
  readonly endIp: string;
}

/**
 * Writes a machine's interfaces, each with its MAC, address and device name. The unique key of network and
 * address is what gives an address to one machine only.
 *
 * @throws DurastackError NO_CAPACITY when a network has no free address; CONFLICT when the wanted one is taken
 */
export async function writeNics(
  tx: Tx,
  addresses: AddressPlan,
  plan: { vmId: string; instance: string; networks: readonly WantedNetwork[] },
): Promise<void> {
  const { vmId, instance } = plan;
  for (const [index, network] of plan.networks.entries())
    await writeNic(tx, addresses, { id: newId(), vmId, instance, network, isDefault: index === 0 });
}

/** An interface to be written. */
export interface NewNic {
  readonly id: string;
  readonly vmId: string;
  /** What names of taps begin with. */
  readonly instance: string;
  readonly network: WantedNetwork;
  readonly isDefault: boolean;
  /** A MAC that was asked for, and that nobody has. */
  readonly mac?: string | undefined;
}

/** Writes one interface; see {@link writeNics}. */
export async function writeNic(tx: Tx, addresses: AddressPlan, nic: NewNic): Promise<void> {
  const { network, vmId } = nic;
  await takeAddress(tx, addresses, { networkId: network.id, ip: network.ip, seed: vmId, as: 'own' }, async (ip) => {
    const tail = randomBytes(5);
    const mac = nic.mac ?? ['02', ...[...tail].map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
    const tap = `${nic.instance}-${randomBytes(3).toString('hex')}`;
    await tx.execute(
      'INSERT INTO nic (id, vm_id, network_id, mac, ip, tap, is_default, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, NOW(3))',
      [nic.id, vmId, network.id, mac, ip, tap, nic.isDefault],
    );
  });
}

/** An address that is to be taken. */
export interface WantedAddress {
  readonly networkId: string;
  /** The one that was asked for; any free one when absent. */
  readonly ip?: string | undefined;
  /** An id: where the search for a free one begins. */
  readonly seed: string;
  /**
   * An interface's `own` one, or a `further` one. Two tables hold them, each with a unique key: who takes a further one
   * holds the network's row alone, who takes an own one shares it, so no address is in both.
   */
  readonly as: 'own' | 'further';
}

/**
 * Takes an address of a network.
 *
 * @param write writes it into its table, under the unique key; it is called again with another address after a CONFLICT
 * @throws DurastackError NOT_ALLOWED_IN_STATE when the network is not there; NO_CAPACITY when it has no free address;
 *   INVALID_INPUT when the wanted one cannot be given there, CONFLICT when it is taken
 */
export async function takeAddress(
  tx: Tx,
  addresses: AddressPlan,
  wanted: WantedAddress,
  write: (ip: string) => Promise<void>,
): Promise<void> {
  const [network] = await tx.query<NetworkRow>(
    `SELECT id, name, state, cidr, gateway, start_ip AS startIp, end_ip AS endIp FROM network WHERE id = ?
       ${wanted.as === 'own' ? 'LOCK IN SHARE MODE' : 'FOR UPDATE'}`,
    [wanted.networkId],
  );
  if (network?.state !== 'Implemented')
    throw new DurastackError('NOT_ALLOWED_IN_STATE', `The network ${wanted.networkId} is ${network?.state ?? 'gone'}.`);
  for (const ip of await candidates(tx, addresses, { network, wantedIp: wanted.ip, seed: wanted.seed })) {
    try {
      return await write(ip);
    } catch (error) {
      // Taken by a deploy that was not committed when we looked: the next free one.
      if (!isDurastackError(toStoreError(error), 'CONFLICT')) throw error;
      if (wanted.ip !== undefined) throw addressTaken(ip, network);
    }
  }
  throw new DurastackError('NO_CAPACITY', `The network ${network.name} has no free address.`);
}

const addressTaken = (ip: string, network: NetworkRow) =>
  new DurastackError('CONFLICT', `The address ${ip} is taken on the network ${network.name}.`);

interface Search {
  readonly network: NetworkRow;
  readonly wantedIp: string | undefined;
  readonly seed: string;
}

async function candidates(tx: Tx, addresses: AddressPlan, { network, wantedIp, seed }: Search): Promise<string[]> {
  if (wantedIp !== undefined) {
    if (!addresses.isUsable(network.cidr, wantedIp) || wantedIp === network.gateway) {
      throw new DurastackError(
        'INVALID_INPUT',
        `The address ${wantedIp} cannot be given on the network ${network.name} (${network.cidr}).`,
      );
    }
    if ((await usedAddresses(tx, network.id, [wantedIp])).has(wantedIp)) throw addressTaken(wantedIp, network);
    return [wantedIp];
  }
  const range = { startIp: network.startIp, endIp: network.endIp, reserved: [network.gateway] };
  const start = Number.parseInt(seed.replaceAll('-', '').slice(-8), 16);
  // On most networks one of a few addresses is free; only on a nearly full one are all looked at.
  const few = take(addresses.freeAddresses(range, new Set(), start));
  if (few.length === 0) return [];
  const used = await usedAddresses(tx, network.id, few);
  const free = few.filter((ip) => !used.has(ip));
  return free.length > 0 ? free : take(addresses.freeAddresses(range, await usedAddresses(tx, network.id), start));
}

function take(addresses: Iterable<string>): string[] {
  const taken: string[] = [];
  for (const ip of addresses) {
    taken.push(ip);
    if (taken.length === ATTEMPTS) break;
  }
  return taken;
}

/** Addresses of a network that are taken: of all, or of those that are asked for. */
async function usedAddresses(tx: Tx, networkId: string, among?: readonly string[]): Promise<Set<string>> {
  const which = `network_id = ? ${among ? 'AND ip IN (?)' : ''}`;
  const values = among ? [networkId, among] : [networkId];
  const rows = await tx.query<{ ip: string }>(
    `SELECT ip FROM nic WHERE ${which} UNION ALL SELECT ip FROM nic_secondary_ip WHERE ${which}`,
    [...values, ...values],
  );
  return new Set(rows.map((row) => row.ip));
}
