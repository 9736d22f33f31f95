/** Keys of cephx, Ceph's authentication. */
import { randomBytes } from 'node:crypto';

const AES = 1;
const KEY_BYTES = 16;

/** A new key as Ceph writes it: type, time of creation, length and key, base64. */
export function newCephxKey(): string {
  const header = Buffer.alloc(12);
  header.writeUInt16LE(AES, 0);
  header.writeUInt32LE(Math.floor(Date.now() / 1_000), 2);
  header.writeUInt16LE(KEY_BYTES, 10);
  return Buffer.concat([header, randomBytes(KEY_BYTES)]).toString('base64');
}

/** Whether a text is such a key. */
export function isCephxKey(text: string): boolean {
  const bytes = Buffer.from(text, 'base64');
  return (
    bytes.toString('base64') === text &&
    bytes.length === 12 + KEY_BYTES &&
    bytes.readUInt16LE(0) === AES &&
    bytes.readUInt16LE(10) === KEY_BYTES
  );
}

/** An entry of a keyring file. */
export function keyringEntry(entity: string, key: string, caps: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries(caps).map(([service, cap]) => `\tcaps ${service} = "${cap.replaceAll('"', '\\"')}"`);
  return [`[${entity}]`, `\tkey = ${key}`, ...lines, ''].join('\n');
}
