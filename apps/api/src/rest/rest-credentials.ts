import { createHash, timingSafeEqual } from 'node:crypto';
import type { Command } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import type { FastifyRequest } from 'fastify';
import type { CallSession, KnownCaller } from '../face/call.js';
import { cookiesOf } from '../face/cookies.js';
import { callerFrom, userByApiKey, type Approach } from '../identity/callers.js';
import { callerBySession, SESSION_COOKIE } from '../identity/sessions.js';
import type { Platform } from '../platform.js';

const REFUSED = 'The credentials are missing or wrong: send “Authorization: Bearer <apiKey>:<secretKey>”.';

/**
 * The caller of a REST request: by keys as bearer token, or by a session's cookie with its key in `X-Session-Key`.
 *
 * @throws DurastackError NOT_AUTHENTICATED
 */
export async function restCaller(
  platform: Platform,
  request: FastifyRequest,
  command?: Command,
): Promise<{ caller: KnownCaller; session?: CallSession }> {
  const approach = { sourceAddress: request.ip, command };
  const [scheme = '', token = ''] = (request.headers.authorization ?? '').split(/ +/);
  if (scheme.toLowerCase() === 'bearer') return { caller: await callerByBearer(platform, token, approach) };
  const sessionKey = request.headers['x-session-key'];
  if (typeof sessionKey !== 'string') throw new DurastackError('NOT_AUTHENTICATED', REFUSED);
  const cookie = cookiesOf(request)[SESSION_COOKIE];
  return callerBySession(platform, { cookie, sessionKey }, approach);
}

async function callerByBearer(platform: Platform, token: string, approach: Approach): Promise<KnownCaller> {
  const colon = token.indexOf(':');
  const user = colon > 0 ? await userByApiKey(platform.database, token.slice(0, colon)) : undefined;
  const secret = user?.secret_key_sealed ? platform.secrets.open(user.secret_key_sealed, `user:${user.id}`) : undefined;
  // Compared for unknown keys as well, and as hashes: neither a key nor the length of a secret is learned by the time.
  const same = timingSafeEqual(sha256(token.slice(colon + 1)), sha256(secret ?? 'no such key'));
  if (!user || secret === undefined || !same) throw new DurastackError('NOT_AUTHENTICATED', REFUSED);
  return callerFrom(platform, user, approach);
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
