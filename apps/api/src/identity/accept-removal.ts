import type { Command } from '@durastack/contracts/command';
import type { Tx } from '@durastack/store/database/transaction';
import type { OwnerRef } from '@durastack/store/identity/removal';
import { accept } from '@durastack/store/operations/accept';
import type { StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import type { Platform } from '../platform.js';

/** The removal of an account, a project or a domain. */
export interface RemovalRequest {
  readonly command: Command;
  readonly resource: OwnerRef;
  readonly name: string;
  /** Whether it can be removed now. */
  readonly check: (tx: Tx) => Promise<void>;
}

/** Accepts it; whether the caller may have it removed was found out before. A repeat joins the one that is under way. */
export function acceptRemoval(
  { database }: Platform,
  { caller }: Call,
  { command, resource, name, check }: RemovalRequest,
): Promise<StartedOperation> {
  return accept(database, {
    ...{ command, caller, resource, resourceName: name, locks: [], input: {}, naturalKey: resource.id },
    write: check,
  });
}
