/**
 * Which hosts have which networks, and what each of them is told of the others.
 *
 * A VXLAN network's tunnels lead to exactly the hosts that have the network. Every change of those, or of their tunnel
 * addresses, raises the network's revision and marks what its hosts know as stale, in the transaction that makes the
 * change: a worker then tells them, each until it has said that it knows (activities/src/network/tell-hosts.ts).
 */
import type { NetworkSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import { isIPv4 } from 'node:net';
import type { Tx } from '../database/transaction.js';

/** A restored database may count again what it counted before: revisions of a later control epoch are higher. */
const PER_EPOCH = 2 ** 32;

/** A network on a host. */
export interface NetworkOnHost {
  readonly networkId: string;
  readonly hostId: string;
}

/** The host has the networks of the machine from now on. Comes before they are made there, so that their removal finds them. */
export async function joinNetworks(tx: Tx, { vmId, hostId }: { vmId: string; hostId: string }): Promise<void> {
  const missing = await tx.query<{ id: string }>(
    `SELECT DISTINCT n.network_id AS id FROM nic n WHERE n.vm_id = ?
       AND NOT EXISTS (SELECT 1 FROM network_on_host p WHERE p.network_id = n.network_id AND p.host_id = ?)`,
    [vmId, hostId],
  );
  const networkIds = missing.map(({ id }) => id);
  if (networkIds.length === 0) return;
  await changeMembers(tx, networkIds, () =>
    tx.execute(
      `INSERT INTO network_on_host (network_id, host_id, created_at) VALUES ${networkIds.map(() => '(?, ?, NOW(3))').join(', ')}
       ON DUPLICATE KEY UPDATE host_id = VALUES(host_id)`,
      networkIds.flatMap((id) => [id, hostId]),
    ),
  );
}

/** The network is gone from the host. */
export function leaveNetwork(tx: Tx, { networkId, hostId }: NetworkOnHost): Promise<void> {
  return changeMembers(tx, [networkId], () =>
    tx.execute('DELETE FROM network_on_host WHERE network_id = ? AND host_id = ?', [networkId, hostId]),
  );
}

/** The host's tunnels start at another address from now on; at the host's own when it is null. */
export async function moveTunnels(tx: Tx, hostId: string, address: string | null): Promise<void> {
  const networks = await tx.query<{ id: string }>('SELECT network_id AS id FROM network_on_host WHERE host_id = ?', [
    hostId,
  ]);
  const networkIds = networks.map(({ id }) => id);
  await changeMembers(tx, networkIds, () =>
    tx.execute('UPDATE host SET tunnel_address = ? WHERE id = ?', [address, hostId]),
  );
}

/** The database was restored: what hosts were told since then is not known. */
export async function distrustAll(tx: Tx): Promise<void> {
  await tx.execute(
    'UPDATE network_on_host SET is_stale = 1 WHERE network_id IN (SELECT id FROM network WHERE vni IS NOT NULL)',
  );
}

/** The network is gone everywhere: its VNI may be given to another one. */
export async function releaseVni(tx: Tx, networkId: string): Promise<void> {
  await tx.execute('UPDATE network SET vni = NULL WHERE id = ?', [networkId]);
}

/** Carries out a change under the networks' locks, so that each revision stands for one set of hosts. */
async function changeMembers(tx: Tx, networkIds: readonly string[], change: () => Promise<unknown>): Promise<void> {
  const shared =
    networkIds.length === 0
      ? []
      : await tx.query<{ id: string }>(
          'SELECT id FROM network WHERE id IN (?) AND vni IS NOT NULL ORDER BY id FOR UPDATE',
          [[...networkIds]],
        );
  await change();
  if (shared.length === 0) return;
  const ids = [shared.map(({ id }) => id)];
  await tx.execute('UPDATE network SET fabric_revision = fabric_revision + 1 WHERE id IN (?)', ids);
  await tx.execute('UPDATE network_on_host SET is_stale = 1 WHERE network_id IN (?)', ids);
}

/** Hosts that may not know yet which others have a network: a page, beginning after a place. Only those that are up. */
export function readStale(tx: Tx, after: NetworkOnHost, limit: number): Promise<NetworkOnHost[]> {
  return tx.query<NetworkOnHost>(
    `SELECT p.network_id AS networkId, p.host_id AS hostId
       FROM network_on_host p JOIN host h ON h.id = p.host_id JOIN network w ON w.id = p.network_id
      WHERE p.is_stale = 1 AND h.state = 'Up' AND w.state = 'Implemented'
        AND (p.network_id > ? OR (p.network_id = ? AND p.host_id > ?))
      ORDER BY p.network_id, p.host_id LIMIT ?`,
    [after.networkId, after.networkId, after.hostId, limit],
  );
}

/** Those of {@link readStale} that concern one machine's networks, on every host. */
export function readStaleOf(tx: Tx, vmId: string): Promise<NetworkOnHost[]> {
  return tx.query<NetworkOnHost>(
    `SELECT DISTINCT p.network_id AS networkId, p.host_id AS hostId
       FROM nic n JOIN network_on_host p ON p.network_id = n.network_id
       JOIN host h ON h.id = p.host_id JOIN network w ON w.id = p.network_id
      WHERE n.vm_id = ? AND p.is_stale = 1 AND h.state = 'Up' AND w.state = 'Implemented'`,
    [vmId],
  );
}

/** The host has said that it knows what was read under this revision. */
export async function confirmTold(tx: Tx, { networkId, hostId }: NetworkOnHost, revision: number): Promise<void> {
  const rows = await tx.query('SELECT id FROM network WHERE id = ? AND fabric_revision = ? LOCK IN SHARE MODE', [
    networkId,
    revision % PER_EPOCH,
  ]);
  // It changed meanwhile: the host is told again.
  if (rows.length === 0) return;
  await tx.execute('UPDATE network_on_host SET is_stale = 0 WHERE network_id = ? AND host_id = ?', [networkId, hostId]);
}

interface SpecRow {
  readonly id: string;
  readonly name: string;
  readonly driver: NetworkSpec['driver'];
  readonly bridge: string;
  readonly vlan: number | null;
  readonly vni: number | null;
  readonly mtu: number;
  readonly revision: number;
  readonly epoch: string | null;
  readonly cidr: string;
  readonly gateway: string;
  readonly dns1: string;
  readonly dns2: string | null;
  readonly hostName: string | null;
  readonly ownAddress: string | null;
  readonly memberId: string | null;
  readonly memberAddress: string | null;
}

/**
 * Networks as a host is told of them, by id.
 *
 * @throws DurastackError `MISCONFIGURED` when tunnels have nowhere to start
 */
export async function readNetworkSpecs(
  tx: Tx,
  hostId: string,
  networkIds: readonly string[],
): Promise<Map<string, NetworkSpec>> {
  if (networkIds.length === 0) return new Map();
  // One statement: the revision and the hosts that it stands for.
  const rows = await tx.query<SpecRow>(
    `SELECT w.id, w.name, w.driver, w.bridge, w.vlan, w.vni, w.mtu, w.fabric_revision AS revision,
       (SELECT value FROM setting WHERE name = 'control-epoch') AS epoch, w.cidr, w.gateway, z.dns1, z.dns2,
       o.name AS hostName, COALESCE(o.tunnel_address, o.ip_address) AS ownAddress,
       h.id AS memberId, COALESCE(h.tunnel_address, h.ip_address) AS memberAddress
     FROM network w JOIN zone z ON z.id = w.zone_id LEFT JOIN host o ON o.id = ?
       LEFT JOIN network_on_host p ON p.network_id = w.id AND w.vni IS NOT NULL
       LEFT JOIN host h ON h.id = p.host_id AND h.state <> 'Removed'
     WHERE w.id IN (?)`,
    [hostId, [...networkIds]],
  );
  const ids = new Set(rows.map(({ id }) => id));
  return new Map(
    [...ids].map((id) => [
      id,
      toSpec(
        hostId,
        rows.filter((row) => row.id === id),
      ),
    ]),
  );
}

function toSpec(hostId: string, rows: readonly SpecRow[]): NetworkSpec {
  const [row] = rows as [SpecRow, ...SpecRow[]];
  return {
    id: row.id,
    name: row.name,
    driver: row.driver,
    bridge: row.bridge,
    ...(row.vlan === null ? {} : { vlan: row.vlan }),
    ...(row.vni === null ? {} : { vxlan: vxlanOf(hostId, { ...row, vni: row.vni }, rows) }),
    cidr: row.cidr,
    gateway: row.gateway,
    gatewayOnHost: true,
    dns: [row.dns1, row.dns2].filter((dns): dns is string => dns !== null),
    mtu: row.mtu,
  };
}

function vxlanOf(
  hostId: string,
  { vni, revision, epoch, name, hostName, ownAddress }: SpecRow & { vni: number },
  members: readonly SpecRow[],
): NonNullable<NetworkSpec['vxlan']> {
  if (ownAddress === null || !isIPv4(ownAddress)) {
    const text = `Host ${hostName ?? hostId} has no IPv4 address from which tunnels of network ${name} could start`;
    throw new DurastackError('MISCONFIGURED', `${text}; give it one with updateHost tunneladdress`);
  }
  const others = members.filter(({ memberId }) => memberId !== hostId).map(({ memberAddress }) => memberAddress ?? '');
  const peers = [...new Set(others)].filter((address) => isIPv4(address) && address !== ownAddress).sort();
  return { vni, revision: Number(epoch) * PER_EPOCH + Number(revision), localAddress: ownAddress, peers };
}
