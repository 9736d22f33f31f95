import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DurastackError } from '@durastack/contracts/errors';

/** Encrypts small secrets at rest with a key from outside the database (AES-256-GCM, NIST SP 800-38D). */
export interface SecretBox {
  /** Text → `v1.<nonce>.<tag>.<ciphertext>` in base64url. `context` binds it to its place and must be given again. */
  seal(plain: string, context: string): string;
  /** The reverse. MISCONFIGURED when the key is not the one it was sealed with, or it was moved or changed. */
  open(sealed: string, context: string): string;
}

/** A box of a 32-byte key. */
export function createSecretBox(key: Buffer): SecretBox {
  if (key.length !== 32) {
    throw new DurastackError(
      'MISCONFIGURED',
      `The data-encryption key has ${key.length} bytes; give 32 bytes in base64.`,
    );
  }
  return {
    seal(plain, context) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return ['v1', ...[nonce, cipher.getAuthTag(), body].map((part) => part.toString('base64url'))].join('.');
    },
    open(sealed, context) {
      const [version, nonce, tag, body] = sealed.split('.');
      try {
        if (version !== 'v1') throw new DurastackError('MISCONFIGURED', `Unknown secret format ${version}.`);
        const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce ?? '', 'base64url'), {
          authTagLength: 16,
        })
          .setAAD(Buffer.from(context))
          .setAuthTag(Buffer.from(tag ?? '', 'base64url'));
        return decipher.update(Buffer.from(body ?? '', 'base64url'), undefined, 'utf8') + decipher.final('utf8');
      } catch (cause) {
        throw new DurastackError(
          'MISCONFIGURED',
          `A secret of ${context} cannot be decrypted; DURASTACK_DATA_KEY_FILE is not the key that this database was filled with.`,
          { cause },
        );
      }
    },
  };
}

/** The box of a key file: 32 bytes in base64. MISCONFIGURED when it cannot be read or has another length. */
export function openSecretBox(keyFile: string): SecretBox {
  let text: string;
  try {
    text = readFileSync(keyFile, 'utf8');
  } catch (cause) {
    throw new DurastackError('MISCONFIGURED', `The data-encryption key file ${keyFile} cannot be read.`, { cause });
  }
  return createSecretBox(Buffer.from(text.trim(), 'base64'));
}
