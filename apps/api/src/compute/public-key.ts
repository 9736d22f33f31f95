import { createHash, generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { DurastackError } from '@durastack/contracts/errors';

/** Key types that OpenSSH takes today, and of how many fields each is, its own name among them (RFC 4253, 5656, 8709). */
const FIELDS: Readonly<Record<string, number>> = {
  'ssh-rsa': 3,
  'ssh-ed25519': 2,
  'ecdsa-sha2-nistp256': 3,
  'ecdsa-sha2-nistp384': 3,
  'ecdsa-sha2-nistp521': 3,
  'sk-ssh-ed25519@openssh.com': 3,
  'sk-ecdsa-sha2-nistp256@openssh.com': 4,
};

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
  const fields = fieldsOf(blob);
  if (!Object.hasOwn(FIELDS, type) || fields[0]?.toString('latin1') !== type) {
    throw new DurastackError(
      'INVALID_INPUT',
      'The public key is none in OpenSSH format; give one line like “ssh-ed25519 AAAA… name”.',
    );
  }
  if (fields.length !== FIELDS[type] || fields.some((field) => field.length === 0)) {
    throw new DurastackError(
      'INVALID_INPUT',
      `The public key is not a whole ${type} key: something of it is missing, or was added. Give the whole line of the .pub file.`,
    );
  }
  return { line: [type, body, ...comment].join(' '), fingerprint: fingerprintOf(blob) };
}

/** The fields of a key, each behind its length (RFC 4251 §5: `string`); the last one is empty where it was cut off. */
function fieldsOf(blob: Buffer): Buffer[] {
  const fields: Buffer[] = [];
  for (let at = 0; at < blob.length;) {
    const end = at + 4 <= blob.length ? at + 4 + blob.readUInt32BE(at) : Infinity;
    fields.push(end <= blob.length ? blob.subarray(at + 4, end) : Buffer.alloc(0));
    at = end;
  }
  return fields;
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
