import { isDurastackError } from '@durastack/contracts/errors';
import { notFound } from '@durastack/store/identity/access';
import { decide, type Decision } from '@durastack/store/operations/attention';
import type { Call } from '../face/call.js';
import type { Platform } from '../platform.js';

/**
 * Carries out what the caller decides about an operation that needs attention.
 *
 * @throws DurastackError NOT_FOUND in the words that clients know; as `decide` says
 */
export async function decideOn(platform: Platform, call: Call, decision: Omit<Decision, 'by'>): Promise<void> {
  const { accountName, username } = call.caller;
  try {
    await decide(platform.database, { ...decision, by: `${accountName}/${username}` });
  } catch (error) {
    throw isDurastackError(error, 'NOT_FOUND') ? notFound('id', decision.operationId) : error;
  }
}
