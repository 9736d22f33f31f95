/** Whether accounts and users may act. What they asked for before goes on to its end. */
import { DurastackError } from '@durastack/contracts/errors';
import { endSessionsOf } from '@durastack/store/identity/end-sessions';
import { updateRow } from '@durastack/store/database/rows';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { ownerOf } from '@durastack/store/identity/access';
import type { Call } from '../face/call.js';
import type { Platform } from '../platform.js';
import { administeredAccount, ownOrAdministeredUser, requireActingAs } from './administered.js';
import type { RoleBook } from './role-book.js';

/** Whether users and accounts may act, and since when not. */
export type ActingState = 'enabled' | 'disabled' | 'locked';

/** What handlers bring. */
interface Tools {
  readonly platform: Platform;
  readonly roles: RoleBook;
  readonly call: Call;
}

/** An account by its id, or by its name and domain. */
export interface NamedAccount {
  readonly id?: string | undefined;
  readonly account?: string | undefined;
  readonly domainId?: string | undefined;
}

/**
 * The account that a call names, which it must administer and cover by its rights.
 *
 * @throws DurastackError NOT_FOUND, FORBIDDEN; INVALID_INPUT when nothing is named
 */
export async function namedAccountId({ platform, call }: Tools, named: NamedAccount): Promise<string> {
  if (named.id !== undefined) return named.id;
  if (named.account === undefined)
    throw new DurastackError('INVALID_INPUT', 'Name the account by id, or by account and domainid.');
  return (await ownerOf(autocommit(platform.database), call.caller, named)).accountId;
}

/**
 * Sets whether an account may act, and ends the sessions of its users when not. Gives its id.
 *
 * @throws DurastackError NOT_FOUND, FORBIDDEN; INVALID_INPUT for the own account and that of the product
 */
export async function setAccountState(tools: Tools, named: NamedAccount, state: ActingState): Promise<string> {
  const { platform, roles, call } = tools;
  const id = await namedAccountId(tools, named);
  return transaction(platform.database, async (tx) => {
    const account = await administeredAccount(tx, call.caller, id);
    await roles.requireCovers(tx, call.caller, account.role_id);
    if (state !== 'enabled') {
      refuseOwnAndFirst('account', account.id === call.caller.accountId, account.is_default === 1);
      await endSessionsOf(tx, account.id);
    }
    await updateRow(tx, { type: 'account', id: account.id }, { state });
    return account.id;
  });
}

/** The same for one user. */
export async function setUserState({ platform, roles, call }: Tools, id: string, state: ActingState): Promise<void> {
  await transaction(platform.database, async (tx) => {
    const user = await ownOrAdministeredUser(tx, call.caller, id);
    await requireActingAs(tx, { caller: call.caller, roles }, user);
    if (state !== 'enabled') {
      refuseOwnAndFirst('user', user.id === call.caller.userId, user.is_default === 1);
      await tx.execute('DELETE FROM session WHERE user_id = ?', [user.id]);
    }
    await updateRow(tx, { type: 'user', id: user.id }, { state, ...(state === 'enabled' ? { failed_logins: 0 } : {}) });
  });
}

function refuseOwnAndFirst(what: string, isOwn: boolean, isFirst: boolean): void {
  if (isOwn) throw new DurastackError('INVALID_INPUT', `Nobody can disable or lock the own ${what}.`);
  if (isFirst)
    throw new DurastackError(
      'INVALID_INPUT',
      `The ${what} admin came with the product; it is never disabled or locked.`,
    );
}
