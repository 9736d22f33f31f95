/** What integration suites of CloudStack's clients expect beyond a zone with hosts. */
import { DurastackError } from '@durastack/contracts/errors';
import type { ApiClient } from '../api/api-client.js';
import { idOf, rows } from './ensure.js';

/** As in CloudStack's own simulator; in this profile alone. */
const ADMIN = { username: 'admin', password: 'password' };

/** Makes it, once: what users change afterwards stays. Repeating it after an interruption is safe. */
export async function furnishSandbox(api: ApiClient): Promise<void> {
  const user = rows(await api.call('listUsers', { username: ADMIN.username }))[0];
  if (user === undefined) throw new DurastackError('BUG', 'The API knows no user admin.');
  // After an interrupted start it has the password already.
  const passwords = { password: ADMIN.password, currentpassword: ADMIN.password };
  await api.callAndWait('updateUser', { id: idOf(user), ...passwords });
}
