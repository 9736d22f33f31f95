import { randomBytes } from 'node:crypto';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import { newId } from '@durastack/kit/ids/new-id';
import { contains, freeAddresses } from '@durastack/model/network/address-plan';
import { toStoreError, type Tx } from '@durastack/store/database/transaction';
import type { WantedNetwork } from './deploy-checks.js';

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
  plan: { vmId: string; instance: string; networks: readonly WantedNetwork[] },
): Promise<void> {
  for (const [index, wanted] of plan.networks.entries()) {
    const [network] = await tx.query<NetworkRow>(
      'SELECT id, name, state, cidr, gateway, start_ip AS startIp, end_ip AS endIp FROM network WHERE id = ?',
      [wanted.id],
    );
    if (network?.state !== 'Implemented')
      throw new DurastackError('NOT_ALLOWED_IN_STATE', `The network ${wanted.id} is ${network?.state ?? 'gone'}.`);
    await writeNic(tx, {
      vmId: plan.vmId,
      instance: plan.instance,
      network,
      wantedIp: wanted.ip,
      isDefault: index === 0,
    });
  }
}

interface Nic {
  readonly vmId: string;
  readonly instance: string;
  readonly network: NetworkRow;
  readonly wantedIp: string | undefined;
  readonly isDefault: boolean;
}

async function writeNic(tx: Tx, nic: Nic): Promise<void> {
  for (const ip of await candidates(tx, nic)) {
    const id = newId();
    const tail = randomBytes(5);
    const mac = ['02', ...[...tail].map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
    const tap = `${nic.instance}-${randomBytes(3).toString('hex')}`;
    try {
      await tx.execute(
        'INSERT INTO nic (id, vm_id, network_id, mac, ip, tap, is_default, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, NOW(3))',
        [id, nic.vmId, nic.network.id, mac, ip, tap, nic.isDefault],
      );
      return;
    } catch (error) {
      // Taken by a deploy that was not committed when we looked: the next free one.
      if (!isDurastackError(toStoreError(error), 'CONFLICT')) throw error;
      if (nic.wantedIp !== undefined)
        throw new DurastackError('CONFLICT', `The address ${ip} is taken on the network ${nic.network.name}.`);
    }
  }
  throw new DurastackError('NO_CAPACITY', `The network ${nic.network.name} has no free address.`);
}

async function candidates(tx: Tx, { network, wantedIp, vmId }: Nic): Promise<string[]> {
  if (wantedIp !== undefined) {
    if (!contains(network.cidr, wantedIp) || wantedIp === network.gateway) {
      throw new DurastackError(
        'INVALID_INPUT',
        `The address ${wantedIp} cannot be given on the network ${network.name} (${network.cidr}).`,
      );
    }
    return [wantedIp];
  }
  const range = { startIp: network.startIp, endIp: network.endIp, reserved: [network.gateway] };
  const start = Number.parseInt(vmId.replaceAll('-', '').slice(-8), 16);
  // On most networks one of a few addresses is free; only on a nearly full one are all looked at.
  const few = take(freeAddresses(range, new Set(), start));
  if (few.length === 0) return [];
  const taken = await usedAddresses(tx, network.id, few);
  const free = few.filter((ip) => !taken.has(ip));
  return free.length > 0 ? free : take(freeAddresses(range, await usedAddresses(tx, network.id), start));
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
  const rows = await tx.query<{ ip: string }>(
    `SELECT ip FROM nic WHERE network_id = ? ${among ? 'AND ip IN (?)' : ''}`,
    among ? [networkId, among] : [networkId],
  );
  return new Set(rows.map((row) => row.ip));
}
