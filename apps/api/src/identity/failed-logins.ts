/** Logins that fail in turn: after so many of them the user is disabled, on whichever API process they came in. */
import { autocommit } from '@durastack/store/database/transaction';
import { readGlobalSettings } from '@durastack/store/operations/global-settings';
import type { Platform } from '../platform.js';
import type { LoginRow } from './callers.js';

/** Counts a failure, and disables the user when it was one too many. */
export async function noteFailedLogin({ database, log }: Platform, { id, username }: LoginRow): Promise<void> {
  const tx = autocommit(database);
  const allowed = (await readGlobalSettings(tx))['incorrect.login.attempts.allowed'];
  await tx.execute('UPDATE user SET failed_logins = failed_logins + 1 WHERE id = ?', [id]);
  if (allowed === 0) return;
  // Anybody can fail to log in as the first administrator: it would be everybody's to lock out.
  const disabled = await tx.execute(
    "UPDATE user SET state = 'disabled' WHERE id = ? AND state = 'enabled' AND NOT is_default AND failed_logins >= ?",
    [id, allowed],
  );
  if (disabled.affectedRows === 0) return;
  await tx.execute('DELETE FROM session WHERE user_id = ?', [id]);
  log.warn({ userId: id, username, allowed }, 'a user was disabled: too many logins failed in turn');
}

/** A good login ends the count. */
export async function forgetFailedLogins({ database }: Platform, { id, failed_logins }: LoginRow): Promise<void> {
  if (failed_logins > 0) await autocommit(database).execute('UPDATE user SET failed_logins = 0 WHERE id = ?', [id]);
}
