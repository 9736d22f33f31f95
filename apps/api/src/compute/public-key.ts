import { createHash, generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { DurastackError } from '@durastack/contracts/errors';

/** Key types that OpenSSH takes today. */
const TYPES = new Set([
  'ssh-rsa',
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
]);

/** A public key on one line, and its fingerprint. */
export interface PublicKey {
  /** `ssh-ed25519 AAAA… comment` */
  readonly line: string;
  /** MD5 in pairs of hexadecimal digits, as CloudStack shows it. */
  readonly fingerprint: string;
}

/**
 * Reads a public key in OpenSSH's format (RFC 4253 §6.6); clients may have encoded it once more in base64.
 *
 * @throws DurastackError INVALID_INPUT
 */
export function parsePublicKey(text: string): PublicKey {
  const plain = /^[a-z-]+[\w@.-]* /.test(text.trim()) ? text : Buffer.from(text, 'base64').toString('utf8');
  const [type = '', body = '', ...comment] = plain.trim().split(/\s+/);
  const blob = Buffer.from(body, 'base64');
  const named = blob.length > 4 ? blob.subarray(4, 4 + blob.readUInt32BE(0)).toString('latin1') : '';
  if (!TYPES.has(type) || named !== type) {
    throw new DurastackError(
      'INVALID_INPUT',
      'The public key is none in OpenSSH format; give one line like “ssh-ed25519 AAAA… name”.',
    );
  }
  return { line: [type, body, ...comment].join(' '), fingerprint: fingerprintOf(blob) };
}

function fingerprintOf(blob: Buffer): string {
  // MD5 only names the key here, in the form that CloudStack's clients compare.
  const digest = createHash('md5').update(blob).digest('hex');
  return (digest.match(/../g) ?? []).join(':');
}

const text = (value: string | Buffer): Buffer => {
  const body = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
};

/** A number as RFC 4251's mpint: a leading zero byte keeps it positive. */
const mpint = (base64url: string): Buffer => {
  const bytes = Buffer.from(base64url, 'base64url');
  return text((bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes);
};

/** A new RSA key of 3072 bits: the private half in PEM, which every client reads, the public one for OpenSSH. */
export async function generateSshKey(comment: string): Promise<PublicKey & { readonly privateKeyPem: string }> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 3072 });
  const { e = '', n = '' } = publicKey.export({ format: 'jwk' });
  const blob = Buffer.concat([text('ssh-rsa'), mpint(e), mpint(n)]);
  return {
    line: `ssh-rsa ${blob.toString('base64')} ${comment.replace(/[^\w.@-]/g, '-')}`,
    fingerprint: fingerprintOf(blob),
    privateKeyPem: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
  };
}
