/** Interfaces that calls name by themselves, without their machine. */
import type { Tx } from '../database/transaction.js';
import { mayAccess, refusal } from '../identity/access.js';
import type { Caller } from '../identity/caller.js';

/** An interface, and whose machine it is on. */
export interface NicOnMachine {
  readonly nicId: string;
  readonly vmId: string;
  readonly networkId: string;
  readonly networkName: string;
  /** Shared, Isolated or L2: the last has no addresses. */
  readonly networkKind: string;
  readonly ip: string;
}

interface Row extends NicOnMachine {
  readonly accountId: string;
  readonly domainId: string;
  readonly domainPath: string;
}

/** The interface of this id. NOT_FOUND, as for one that does not exist, when the caller may not touch its machine. */
export function requireNicAccess(tx: Tx, caller: Caller, nicId: string): Promise<NicOnMachine> {
  return read(tx, caller, { where: 'n.id = ?', parameter: 'nicid', id: nicId });
}

/** The interface that has this secondary address; see {@link requireNicAccess}. */
export function requireSecondaryIpAccess(tx: Tx, caller: Caller, id: string): Promise<NicOnMachine> {
  const where = 'n.id = (SELECT s.nic_id FROM nic_secondary_ip s WHERE s.id = ?)';
  return read(tx, caller, { where, parameter: 'id', id });
}

async function read(
  tx: Tx,
  caller: Caller,
  { where, parameter, id }: { where: string; parameter: string; id: string },
): Promise<NicOnMachine> {
  const [row] = await tx.query<Row>(
    `SELECT n.id AS nicId, n.vm_id AS vmId, n.network_id AS networkId, w.name AS networkName, w.kind AS networkKind, n.ip,
       v.account_id AS accountId, v.domain_id AS domainId, d.path AS domainPath
     FROM nic n JOIN network w ON w.id = n.network_id
       JOIN virtual_machine v ON v.id = n.vm_id AND v.state <> 'Expunged' JOIN domain d ON d.id = v.domain_id
     WHERE ${where}`,
    [id],
  );
  if (!row || !mayAccess(caller, row)) throw refusal(caller, row?.accountId, { parameter, id });
  return row;
}
