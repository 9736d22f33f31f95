/** The fingerprint of a host's SSH key, as OpenSSH prints it. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { DurastackError } from '@durastack/contracts/errors';

const FINGERPRINT = /^(?:SHA256:)?([A-Za-z0-9+/]{43})=?$/;

/**
 * Kinds of host key, one after another: a host has several keys, the fingerprint given is that of one of them, and a
 * server shows only the one that was negotiated.
 */
export const HOST_KEY_KINDS = [
  ['ssh-ed25519'],
  ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'],
  ['rsa-sha2-512', 'rsa-sha2-256'],
] as const;

/** `SHA256:<base64 without padding>` of a public key in SSH's wire format. */
export function hostKeyFingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replaceAll('=', '')}`;
}

/** Brings a fingerprint as people paste it to the one form. INVALID_INPUT when it is none. */
export function normalFingerprint(given: string): string {
  const match = FINGERPRINT.exec(given.trim());
  if (match?.[1] === undefined) {
    throw new DurastackError(
      'INVALID_INPUT',
      `'${given}' is no fingerprint of an SSH key; give SHA256:… as \`ssh-keygen -lf\` prints it.`,
    );
  }
  return `SHA256:${match[1]}`;
}

/** Compares two fingerprints in their normal form. */
export function sameFingerprint(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}
