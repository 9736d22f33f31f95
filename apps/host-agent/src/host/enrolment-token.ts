import { createHash, timingSafeEqual } from 'node:crypto';
import { DurastackError } from '@durastack/contracts/errors';
import { readOptionalFile } from '../files/durable-file.js';

/**
 * The secret of a token file.
 *
 * @throws DurastackError MISCONFIGURED when the file is absent or holds fewer than 16 characters
 */
export function readTokenFile(path: string): string {
  const token = readOptionalFile(path)?.trim();
  if (token === undefined || token.length < 16) {
    const message = `DURASTACK_AGENT_ENROL_TOKEN_FILE: ${path} must hold a secret of at least 16 characters.`;
    throw new DurastackError('MISCONFIGURED', message);
  }
  return token;
}

/** FORBIDDEN unless the texts are equal; takes the same time wherever they differ. */
export function checkToken(expected: string | undefined, given: string | undefined): void {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  if (expected !== undefined && given !== undefined && timingSafeEqual(digest(expected), digest(given))) return;
  throw new DurastackError('FORBIDDEN', 'The enrolment token is wrong; it stands in the token file of the agent.');
}
