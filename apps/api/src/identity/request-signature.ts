import { DurastackError } from '@durastack/contracts/errors';
import { verifySignature } from '@durastack/kit/cloudstack/signature';
import type { RequestParameters } from '../cloudstack/parameters.js';
import type { KnownCaller } from '../face/call.js';
import type { Platform } from '../platform.js';
import { callerFrom, userByApiKey, type Approach } from './callers.js';

/** How far a client's clock may be behind the database's. */
const SKEW_MS = 30_000;

/** One text for whatever is wrong, so that nothing can be learned by trying. */
const REFUSED = 'unable to verify user credentials and/or request signature';

/** Date.parse alone takes much more, as it pleases the engine. */
const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/**
 * The moment of `expires`: `2026-11-21T02:03:16Z` or `…+0000`.
 *
 * @throws DurastackError NOT_AUTHENTICATED when it is none
 */
export function parseExpires(text: string): number {
  // A plus that was not encoded arrives as a space.
  const iso = text
    .trim()
    .replace(/ (\d{4})$/, '+$1')
    .replace(/([+-]\d{2})(\d{2})$/, '$1:$2');
  const time = MOMENT.test(iso) ? Date.parse(iso) : Number.NaN;
  if (Number.isNaN(time))
    throw new DurastackError(
      'NOT_AUTHENTICATED',
      `expires is no moment in ISO 8601 with an offset: ${text.slice(0, 60)}`,
    );
  return time;
}

/**
 * The caller of a signed request.
 *
 * @throws DurastackError NOT_AUTHENTICATED for an unknown key, a wrong signature, or one that has expired
 */
export async function callerBySignature(
  platform: Platform,
  parameters: RequestParameters,
  approach: Approach,
): Promise<KnownCaller> {
  const { byName, sent } = parameters;
  const user = await userByApiKey(platform.database, byName.get('apikey') ?? '');
  const secret = user?.secret_key_sealed ? platform.secrets.open(user.secret_key_sealed, `user:${user.id}`) : undefined;
  // The signature is computed for unknown keys as well: both take the same time.
  const valid = verifySignature(sent, byName.get('signature') ?? '', secret ?? 'no such key');
  if (!user || secret === undefined || !valid) throw new DurastackError('NOT_AUTHENTICATED', REFUSED);
  if (byName.get('signatureversion') === '3') {
    const expires = byName.get('expires');
    if (expires === undefined)
      throw new DurastackError('NOT_AUTHENTICATED', 'signatureversion 3 needs the parameter expires');
    if (parseExpires(expires) + SKEW_MS < user.now.getTime())
      throw new DurastackError('NOT_AUTHENTICATED', `the signature has expired at ${expires}`);
  }
  return callerFrom(platform, user, approach);
}
