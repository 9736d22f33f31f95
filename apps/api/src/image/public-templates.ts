import { DurastackError } from '@durastack/contracts/errors';
import type { Tx } from '@durastack/store/database/transaction';
import type { Caller } from '@durastack/store/identity/caller';
import { readAccountSettings } from '@durastack/store/operations/resource-settings';

/** Refuses to show a template of an account to everybody where users may not. @throws DurastackError FORBIDDEN */
export async function refusePublic(
  tx: Tx,
  caller: Caller,
  owner: { readonly accountId: string; readonly domainId: string },
): Promise<void> {
  if (caller.role !== 'user' || (await readAccountSettings(tx, owner))['allow.public.user.templates']) return;
  throw new DurastackError('FORBIDDEN', 'Only private templates can be created (allow.public.user.templates).');
}
