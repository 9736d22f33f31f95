/** What lets a machine or a volume of another host in: a secret that its row keeps sealed. */
import { randomBytes } from 'node:crypto';
import type { SecretBox } from '@durastack/kit/secrets/secret-box';

/** From the opening of the destination until the source comes: both are asked by the same step, one after the other. */
export const TICKET_MS = 300_000;

/** A new ticket. @param context what it is sealed for */
export function sealNewTicket(box: SecretBox, context: string): string {
  return box.seal(randomBytes(32).toString('base64url'), context);
}
