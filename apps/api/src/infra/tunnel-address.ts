import { DurastackError } from '@durastack/contracts/errors';
import { requireRow } from '@durastack/store/database/rows';
import type { Tx } from '@durastack/store/database/transaction';
import { moveTunnels } from '@durastack/store/network/fabric';

/** The address as its column has it; empty stands for the host's own. CONFLICT when another host of the zone has it. */
export async function tunnelColumn(tx: Tx, zoneId: string, hostId: string, address = ''): Promise<string | null> {
  if (address === '') return null;
  const others = await tx.query<{ name: string }>(
    "SELECT name FROM host WHERE zone_id = ? AND id <> ? AND state <> 'Removed' AND COALESCE(tunnel_address, ip_address) = ?",
    [zoneId, hostId, address],
  );
  if (others[0]) throw new DurastackError('CONFLICT', `The host ${others[0].name} has the tunnel address ${address}.`);
  return address;
}

/** The host's tunnels start there from now on; the others are told by a worker. */
export async function changeTunnelAddress(tx: Tx, hostId: string, address: string): Promise<void> {
  const host = { type: 'host', id: hostId } as const;
  const { zone_id: zoneId } = await requireRow<{ zone_id: string }>(tx, host, {
    lock: 'update',
    where: "state <> 'Removed'",
  });
  await moveTunnels(tx, hostId, await tunnelColumn(tx, zoneId, hostId, address));
}
