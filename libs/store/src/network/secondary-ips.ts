/** Addresses that interfaces have besides their own. */
import { MAX_SECONDARY_IPS } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import type { Tx } from '../database/transaction.js';

/** A further address of an interface. */
export interface SecondaryIp {
  readonly id: string;
  readonly nicId: string;
  readonly ip: string;
}

/** Those of a machine's interfaces, in the order of their taking. */
export function readSecondaryIps(tx: Tx, vmId: string): Promise<SecondaryIp[]> {
  return tx.query<SecondaryIp>(
    `SELECT s.id, s.nic_id AS nicId, s.ip FROM nic n JOIN nic_secondary_ip s ON s.nic_id = n.id
      WHERE n.vm_id = ? ORDER BY s.created_at, s.id`,
    [vmId],
  );
}

/** The interface may have one more. QUOTA_EXCEEDED otherwise. */
export async function requireRoomForIp(tx: Tx, nicId: string): Promise<void> {
  const [row] = await tx.query<{ n: number }>('SELECT COUNT(*) AS n FROM nic_secondary_ip WHERE nic_id = ?', [nicId]);
  if (Number(row?.n) < MAX_SECONDARY_IPS) return;
  throw new DurastackError(
    'QUOTA_EXCEEDED',
    `The interface ${nicId} has ${MAX_SECONDARY_IPS} secondary addresses already; remove one (removeIpFromNic) first.`,
  );
}

/** The interface's network gives addresses. NOT_ALLOWED_IN_STATE for an L2 one, where guests have what they like. */
export function requireAddresses(nic: { readonly networkName: string; readonly networkKind: string }): void {
  if (nic.networkKind !== 'L2') return;
  throw new DurastackError(
    'NOT_ALLOWED_IN_STATE',
    `The network ${nic.networkName} is an L2 network, which has no addresses to give.`,
  );
}

/** Gives back those of an interface that goes. */
export async function forgetSecondaryIps(tx: Tx, nicId: string): Promise<void> {
  await tx.execute('DELETE FROM nic_secondary_ip WHERE nic_id = ?', [nicId]);
}
