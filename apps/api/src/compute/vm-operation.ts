import { DurastackError } from '@durastack/contracts/errors';
import type { ResourceRef } from '@durastack/contracts/resources';
import {
  acceptVmOperation as acceptOn,
  readNetworksOf,
  type VmOperation,
} from '@durastack/store/compute/accept-vm-operation';
import { autocommit } from '@durastack/store/database/transaction';
import { requireAccess, requireUsable } from '@durastack/store/identity/access';
import type { StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import type { Platform } from '../platform.js';

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
  const vm = { type: 'virtual-machine', id: operation.vmId } as const;
  const owner = await requireAccess(autocommit(platform.database), call.caller, vm);
  if (operation.desiredPower === 'on') await requireUsable(autocommit(platform.database), owner);
  return acceptOn(platform.database, { caller: call.caller, owner }, operation);
}

/** The networks of a machine: a start uses them, so they must not go meanwhile. */
export function networksOf(platform: Platform, vmId: string): Promise<ResourceRef[]> {
  return readNetworksOf(autocommit(platform.database), vmId);
}

/** The host that an administrator asks for. FORBIDDEN for others. */
export function requestedHost(call: Call, hostId: string | undefined): readonly ResourceRef[] {
  if (hostId === undefined) return [];
  if (call.caller.role !== 'admin')
    throw new DurastackError('FORBIDDEN', 'Only the root administrator may choose the host (hostid).');
  return [{ type: 'host', id: hostId }];
}
