import type { Command } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import type { ResourceRef } from '@durastack/contracts/resources';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { notFound, requireAccess } from '@durastack/store/identity/access';
import { accept } from '@durastack/store/operations/accept';
import type { StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import type { Platform } from '../platform.js';

/** An operation on a machine that exists. */
export interface VmOperation {
  readonly command: Command;
  readonly vmId: string;
  /** What steps need besides the rows. */
  readonly input?: Readonly<Record<string, unknown>>;
  /** What it names besides the machine. */
  readonly locks?: readonly ResourceRef[];
  /** On or off, as the tenant now wants it. */
  readonly desiredPower: 'on' | 'off';
  /** Further writes at acceptance. */
  readonly write?: (tx: Tx) => Promise<void>;
}

/**
 * Accepts an operation on a machine: checks that the caller may touch it, then locks it.
 *
 * @throws DurastackError NOT_FOUND when there is no such machine, it is expunged, or it is another's
 */
export async function acceptVmOperation(
  platform: Platform,
  call: Call,
  operation: VmOperation,
): Promise<StartedOperation> {
  const { command, vmId } = operation;
  const vm = { type: 'virtual-machine', id: vmId } as const;
  const tx = autocommit(platform.database);
  const owner = await requireAccess(tx, call.caller, vm);
  const [row] = await tx.query<{ name: string; zone_id: string; state: string }>(
    'SELECT name, zone_id, state FROM virtual_machine WHERE id = ?',
    [vmId],
  );
  if (!row || row.state === 'Expunged') throw notFound('id', vmId);
  return accept(platform.database, {
    command,
    caller: call.caller,
    owner,
    resource: vm,
    resourceName: row.name,
    zoneId: row.zone_id,
    locks: [vm, ...(operation.locks ?? [])],
    input: operation.input ?? {},
    write: async (inner) => {
      await inner.execute('UPDATE virtual_machine SET desired_power = ? WHERE id = ?', [operation.desiredPower, vmId]);
      await operation.write?.(inner);
    },
  });
}

/** The networks of a machine: a start uses them, so they must not go meanwhile. */
export async function networksOf(platform: Platform, vmId: string): Promise<ResourceRef[]> {
  const rows = await autocommit(platform.database).query<{ id: string }>(
    'SELECT DISTINCT network_id AS id FROM nic WHERE vm_id = ?',
    [vmId],
  );
  return rows.map(({ id }) => ({ type: 'network', id }));
}

/** The host that an administrator asks for. FORBIDDEN for others. */
export function requestedHost(call: Call, hostId: string | undefined): readonly ResourceRef[] {
  if (hostId === undefined) return [];
  if (call.caller.role !== 'admin')
    throw new DurastackError('FORBIDDEN', 'Only the root administrator may choose the host (hostid).');
  return [{ type: 'host', id: hostId }];
}
