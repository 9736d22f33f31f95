/**
 * CloudStack's request signature: HMAC-SHA1 over the sorted, encoded, lower-cased parameters.
 *
 * Clients differ in how they spell what is signed: order with or without case, `~` plain or encoded, `*` plain or
 * encoded, brackets in values plain (libcloud) or encoded, spaces as `%20` or `+`. A verifier tries each spelling
 * that makes a difference for the request at hand.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Names and values as sent, decoded once. */
export type SignedParameters = readonly (readonly [name: string, value: string])[];

interface Spelling {
  /** What stays as it is of `*`, `~` and brackets. */
  readonly plain: string;
  readonly plusForSpace: boolean;
}

/** How this product signs: all but `A-Za-z0-9*-._~` percent-encoded, sorted without case. */
const OWN: Spelling = { plain: '*~', plusForSpace: false };

const ALWAYS_PLAIN = /^[A-Za-z0-9_.-]*$/;
const HEX = Buffer.from('0123456789abcdef', 'latin1');
const [PERCENT, PLUS, SPACE] = [0x25, 0x2b, 0x20];

/** Percent-encodes, in lower case. Byte by byte, since a request may bring millions of characters that need it. */
function encode(value: string, { plain, plusForSpace }: Spelling): string {
  if (ALWAYS_PLAIN.test(value)) return value.toLowerCase();
  const keeps = plainBytes(plain);
  const bytes = Buffer.from(value, 'utf8');
  const encoded = Buffer.allocUnsafe(3 * bytes.length);
  let length = 0;
  for (const byte of bytes) {
    if (keeps[byte] !== 0) encoded[length++] = keeps[byte]!;
    else if (byte === SPACE && plusForSpace) encoded[length++] = PLUS;
    else {
      encoded[length++] = PERCENT;
      encoded[length++] = HEX[byte >> 4]!;
      encoded[length++] = HEX[byte & 15]!;
    }
  }
  return encoded.toString('latin1', 0, length);
}

const tables = new Map<string, Uint8Array>();

/** For each byte what stands for it, in lower case, or 0 when it is encoded. */
function plainBytes(plain: string): Uint8Array {
  const known = tables.get(plain);
  if (known) return known;
  const table = new Uint8Array(256);
  for (let byte = 0x21; byte < 0x7f; byte += 1) {
    const character = String.fromCharCode(byte);
    if (ALWAYS_PLAIN.test(character) || plain.includes(character)) table[byte] = character.toLowerCase().charCodeAt(0);
  }
  tables.set(plain, table);
  return table;
}

/** No client encodes names. One that holds what parts parameters would read like two of them, and is encoded. */
const nameOf = (name: string): string => name.toLowerCase().replaceAll('&', '%26');

/** What is signed of a parameter, and what it is sorted by. */
interface Part {
  readonly name: string;
  readonly lowerName: string;
  readonly text: string;
}

function partsOf(parameters: SignedParameters, spelling: Spelling): Part[] {
  const parts: Part[] = [];
  for (const [name, value] of parameters) {
    const lowerName = name.toLowerCase();
    if (lowerName !== 'signature') parts.push({ name, lowerName, text: `${nameOf(name)}=${encode(value, spelling)}` });
  }
  return parts;
}

/** The text that is signed, sorted by the names as they are or without case. */
function canonical(parts: readonly Part[], by: 'name' | 'lowerName'): string {
  const sorted = [...parts].sort((a, b) => (a[by] < b[by] ? -1 : a[by] > b[by] ? 1 : 0));
  return sorted.map(({ text }) => text).join('&');
}

function hmac(text: string, secretKey: string): Buffer {
  return createHmac('sha1', secretKey).update(text, 'utf8').digest();
}

/**
 * Signs a request.
 *
 * @param parameters everything that is sent but the signature
 * @returns the signature in base64; encode it once more for a query string
 */
export function signRequest(parameters: Readonly<Record<string, string>>, secretKey: string): string {
  return hmac(canonical(partsOf(Object.entries(parameters), OWN), 'lowerName'), secretKey).toString('base64');
}

const BASE64_OF_SHA1 = /^[A-Za-z0-9+/]{27}=$/;

/** The spellings of values that make a difference for these parameters, what most clients do first. */
function* spellings(parameters: SignedParameters): Generator<Spelling> {
  const values = parameters.map(([, value]) => value).join('');
  const optional = (character: RegExp, choices: readonly [string, string]) => (character.test(values) ? choices : ['']);
  for (const bracket of optional(/[[\]]/, ['', '[]']))
    for (const plusForSpace of / /.test(values) ? [false, true] : [false])
      for (const star of optional(/\*/, ['*', '']))
        for (const tilde of optional(/~/, ['~', ''])) yield { plain: `${tilde}${star}${bracket}`, plusForSpace };
}

/** The texts that a client may have signed. */
function* texts(parameters: SignedParameters): Generator<string> {
  for (const spelling of spellings(parameters)) {
    const parts = partsOf(parameters, spelling);
    const withoutCase = canonical(parts, 'lowerName');
    yield withoutCase;
    const withCase = canonical(parts, 'name');
    if (withCase !== withoutCase) yield withCase;
  }
}

/**
 * Characters of signed text that are tried for one request: whoever sends the largest with a wrong signature costs a
 * fraction of a second, not one for each spelling.
 */
const MAX_TRIED = 32 * 1024 * 1024;

/**
 * Whether `signature` (base64) is that of the parameters, in any known client's spelling. Constant time per spelling;
 * how many are tried depends on the parameters alone.
 */
export function verifySignature(parameters: SignedParameters, signature: string, secretKey: string): boolean {
  // Decoding alone would take a signature for good whatever comes after its end.
  const given = Buffer.from(BASE64_OF_SHA1.test(signature) ? signature : '', 'base64');
  let matches = false;
  let tried = 0;
  for (const text of texts(parameters)) {
    const expected = hmac(text, secretKey);
    if (given.length === expected.length && timingSafeEqual(given, expected)) matches = true;
    tried += text.length;
    if (tried > MAX_TRIED) break;
  }
  return matches;
}
