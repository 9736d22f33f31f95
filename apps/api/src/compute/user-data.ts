/** The user data of machines and of records: checked, sealed, and nowhere in the clear but in the call and its reply. */
import { DurastackError } from '@durastack/contracts/errors';
import type { SecretBox } from '@durastack/kit/secrets/secret-box';
import type { Tx } from '@durastack/store/database/transaction';
import { notFound } from '@durastack/store/identity/access';

/** What a deploy or an update says of it. */
export interface UserDataParams {
  readonly userData?: string | undefined;
  readonly userDataId?: string | undefined;
  readonly userDataDetails?: Readonly<Record<string, string>> | undefined;
}

/** Columns of a machine; those that are undefined stay as they are. */
export interface UserDataColumns {
  readonly user_data_sealed?: string | null;
  readonly user_data_id?: string | null;
  readonly user_data_details_sealed?: string | null;
}

const MAX_DETAILS = 100;
const RESERVED = new Set(['instance-id', 'local-hostname', 'hostname', 'public-keys']);

/** The same in canonical base64, which hosts are sent. INVALID_INPUT when it is none; the message does not repeat it. */
export function toUserData(given: string): string {
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(given.replaceAll(/\s/g, '')))
    throw new DurastackError('INVALID_INPUT', 'userdata is not base64.');
  return Buffer.from(given, 'base64').toString('base64');
}

/** What can be known of it before anything is read. INVALID_INPUT. */
export function checkUserData({ userData, userDataId, userDataDetails }: UserDataParams): void {
  if (userData !== undefined) toUserData(userData);
  if (userData && userDataId !== undefined)
    throw new DurastackError('INVALID_INPUT', 'Give either userdata or userdataid, not both.');
  const names = Object.keys(userDataDetails ?? {});
  const bad = names.find((name) => !/^[A-Za-z_][A-Za-z0-9_-]{0,99}$/.test(name) || RESERVED.has(name));
  if (bad !== undefined || names.length > MAX_DETAILS)
    throw new DurastackError(
      'INVALID_INPUT',
      `userdatadetails takes up to ${MAX_DETAILS} names of letters, digits, _ and - that meta-data does not have already.`,
    );
}

/** Names of variables, as they are kept. INVALID_INPUT for what is no name. */
export function toVariableNames(given: string | undefined): string | null {
  const names = (given ?? '').split(',').map((name) => name.trim());
  const found = names.filter((name) => name !== '');
  checkUserData({ userDataDetails: Object.fromEntries(found.map((name) => [name, ''])) });
  return found.length === 0 ? null : found.join(',');
}

/** What binds the sealed user data of a record to it. */
export const recordContext = (id: string): string => `user-data:${id}`;

/**
 * What is written to a machine. A record that it is copied from is held until the transaction ends.
 *
 * @throws DurastackError NOT_FOUND when the owner has no such record
 */
export async function userDataColumns(
  tx: Tx,
  secrets: SecretBox,
  { vmId, accountId, params }: { vmId: string; accountId: string; params: UserDataParams },
): Promise<UserDataColumns> {
  const { userData, userDataId, userDataDetails } = params;
  const context = `virtual-machine:${vmId}`;
  const sealed = (plain: string) => (plain === '' ? null : secrets.seal(plain, context));
  const details =
    userDataDetails === undefined
      ? undefined
      : sealed(Object.keys(userDataDetails).length === 0 ? '' : JSON.stringify(userDataDetails));
  if (userDataId !== undefined) {
    const [record] = await tx.query<{ data_sealed: string }>(
      'SELECT data_sealed FROM user_data WHERE id = ? AND account_id = ? LOCK IN SHARE MODE',
      [userDataId, accountId],
    );
    if (!record) throw notFound('userdataid', userDataId);
    const copy = sealed(secrets.open(record.data_sealed, recordContext(userDataId)));
    return { user_data_sealed: copy, user_data_id: userDataId, user_data_details_sealed: details ?? null };
  }
  if (userData !== undefined)
    return {
      user_data_sealed: sealed(toUserData(userData)),
      user_data_id: null,
      user_data_details_sealed: details ?? null,
    };
  return details === undefined ? {} : { user_data_details_sealed: details };
}
