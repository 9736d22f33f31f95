import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { DurastackError } from '@durastack/contracts/errors';
import { newId } from '@durastack/kit/ids/new-id';
import { autocommit } from '@durastack/store/database/transaction';
import { readGlobalSettings } from '@durastack/store/operations/global-settings';
import type { CallSession, KnownCaller } from '../face/call.js';
import type { Platform } from '../platform.js';
import { callerFrom, userBySession, type Approach } from './callers.js';

/** The cookie that names a session: CloudStack's clients keep it in their jar. */
export const SESSION_COOKIE = 'JSESSIONID';
/** CloudMonkey reads the session key from this cookie; it is never accepted as one. */
export const SESSION_KEY_COOKIE = 'sessionkey';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const sameHash = (stored: string, given: string) =>
  timingSafeEqual(Buffer.from(stored, 'hex'), Buffer.from(sha256(given), 'hex'));

/** A new session's two secrets. */
export interface NewSession {
  readonly cookie: string;
  readonly sessionKey: string;
  /** It ends after so many seconds of silence. */
  readonly lifetimeS: number;
}

/** Opens a session. Only hashes of its secrets are kept. */
export async function openSession(platform: Platform, userId: string): Promise<NewSession> {
  const id = newId();
  const secret = randomBytes(32).toString('base64url');
  const sessionKey = randomBytes(32).toString('base64url');
  const tx = autocommit(platform.database);
  const lifetimeS = (await readGlobalSettings(tx))['session.timeout'] * 60;
  await tx.execute('DELETE FROM session WHERE expires_at < UTC_TIMESTAMP(3) LIMIT 100');
  await tx.execute(
    `INSERT INTO session (id, user_id, cookie_sha256, session_key_sha256, lifetime_s, expires_at)
     VALUES (?, ?, ?, ?, ?, UTC_TIMESTAMP(3) + INTERVAL ? SECOND)`,
    [id, userId, sha256(secret), sha256(sessionKey), lifetimeS, lifetimeS],
  );
  return { cookie: `${id}.${secret}`, sessionKey, lifetimeS };
}

/**
 * The caller of a session. Cookie and session key are both needed: another site can make a browser send the one,
 * but does not know the other.
 *
 * @throws DurastackError NOT_AUTHENTICATED
 */
export async function callerBySession(
  platform: Platform,
  given: { readonly cookie: string | undefined; readonly sessionKey: string | undefined },
  approach: Approach,
): Promise<{ caller: KnownCaller; session: CallSession }> {
  const [id, secret] = (given.cookie ?? '').split('.');
  const tx = autocommit(platform.database);
  const user = id ? await userBySession(platform.database, id) : undefined;
  const valid =
    user !== undefined &&
    sameHash(user.cookie_sha256, secret ?? '') &&
    sameHash(user.session_key_sha256, given.sessionKey ?? '');
  if (!id || !valid) throw new DurastackError('NOT_AUTHENTICATED', 'unable to verify user credentials');
  const caller = await callerFrom(platform, user, approach);
  // Renewed at most once a minute, so that a busy client does not write with every read.
  if (user.left_s < user.lifetime_s - Math.min(60, user.lifetime_s / 2)) {
    await tx.execute('UPDATE session SET expires_at = UTC_TIMESTAMP(3) + INTERVAL ? SECOND WHERE id = ?', [
      user.lifetime_s,
      id,
    ]);
  }
  return { caller, session: { id } };
}

/** Ends a session. */
export async function closeSession(platform: Platform, session: CallSession): Promise<void> {
  await autocommit(platform.database).execute('DELETE FROM session WHERE id = ?', [session.id]);
}
