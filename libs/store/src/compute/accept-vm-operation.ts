import type { Command } from '@durastack/contracts/command';
import type { ResourceRef } from '@durastack/contracts/resources';
import type { DataSource } from 'typeorm';
import { autocommit, type Tx } from '../database/transaction.js';
import { notFound } from '../identity/access.js';
import type { Caller } from '../identity/caller.js';
import { accept, type Accepted, type AcceptRequest } from '../operations/accept.js';
import { requireOpenPools } from '../storage/pool-maintenance.js';

/** An operation on a machine that exists. */
export interface VmOperation {
  readonly command: Command;
  readonly vmId: string;
  /** What steps need besides the rows. */
  readonly input?: Readonly<Record<string, unknown>>;
  /** What it names besides the machine. */
  readonly locks?: readonly ResourceRef[];
  /** On or off, as it is now wanted; absent: as before. */
  readonly desiredPower?: 'on' | 'off';
  /** See {@link AcceptRequest.lifecycle}. */
  readonly lifecycle?: AcceptRequest['lifecycle'];
  /** See {@link AcceptRequest.parent}. */
  readonly parent?: AcceptRequest['parent'];
  /** See {@link AcceptRequest.ahead}. */
  readonly ahead?: boolean;
  /** Further checks and writes at acceptance. */
  readonly write?: (tx: Tx) => Promise<void>;
}

/** Who asks, and whose machine it is. */
export interface VmOperationParties {
  readonly caller: Caller;
  readonly owner: { readonly accountId: string; readonly domainId: string };
}

/**
 * Accepts an operation on a machine and locks it; whether the caller may touch it was found out before.
 *
 * @throws DurastackError NOT_FOUND when there is no such machine, or it is expunged; NOT_ALLOWED_IN_STATE when it is to
 *   run and its disks lie on storage in maintenance
 */
export async function acceptVmOperation(
  source: DataSource,
  { caller, owner }: VmOperationParties,
  operation: VmOperation,
): Promise<Accepted> {
  const { command, vmId, parent } = operation;
  const vm = { type: 'virtual-machine', id: vmId } as const;
  const [row] = await autocommit(source).query<{ name: string; zone_id: string; state: string }>(
    'SELECT name, zone_id, state FROM virtual_machine WHERE id = ?',
    [vmId],
  );
  if (!row || row.state === 'Expunged') throw notFound('id', vmId);
  return accept(source, {
    command,
    caller,
    owner,
    resource: vm,
    resourceName: row.name,
    zoneId: row.zone_id,
    locks: [vm, ...(operation.locks ?? [])],
    input: operation.input ?? {},
    ...(parent ? { parent } : {}),
    ...(operation.lifecycle ? { lifecycle: operation.lifecycle } : {}),
    ...(operation.ahead === true ? { ahead: true } : {}),
    write: async (tx) => {
      if (operation.desiredPower === 'on') await requireOpenPools(tx, vmId);
      if (operation.desiredPower !== undefined)
        await tx.execute('UPDATE virtual_machine SET desired_power = ? WHERE id = ?', [operation.desiredPower, vmId]);
      await operation.write?.(tx);
    },
  });
}

/** The networks of a machine, as what an operation names. */
export async function readNetworksOf(tx: Tx, vmId: string): Promise<ResourceRef[]> {
  const rows = await tx.query<{ id: string }>('SELECT DISTINCT network_id AS id FROM nic WHERE vm_id = ?', [vmId]);
  return rows.map(({ id }) => ({ type: 'network', id }));
}
