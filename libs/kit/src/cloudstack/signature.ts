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
  readonly ignoreCase: boolean;
  readonly plain: string;
  readonly plusForSpace: boolean;
}

/** How this product signs: all but `A-Za-z0-9*-._~` percent-encoded, sorted without case. */
const OWN: Spelling = { ignoreCase: true, plain: '*~', plusForSpace: false };

function encode(value: string, spelling: Spelling): string {
  // encodeURIComponent leaves A-Za-z0-9 - _ . ! ~ * ' ( ) plain.
  const encoded = encodeURIComponent(value).replace(/[!'()*~]/g, (character) =>
    spelling.plain.includes(character) ? character : `%${character.charCodeAt(0).toString(16)}`,
  );
  const brackets = spelling.plain.includes('[') ? encoded.replace(/%5B/g, '[').replace(/%5D/g, ']') : encoded;
  return spelling.plusForSpace ? brackets.replace(/%20/g, '+') : brackets;
}

function canonical(parameters: SignedParameters, spelling: Spelling): string {
  const order = (name: string) => (spelling.ignoreCase ? name.toLowerCase() : name);
  return [...parameters]
    .filter(([name]) => name.toLowerCase() !== 'signature')
    .sort(([a], [b]) => (order(a) < order(b) ? -1 : order(a) > order(b) ? 1 : 0))
    .map(([name, value]) => `${name}=${encode(value, spelling)}`)
    .join('&')
    .toLowerCase();
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
  return hmac(canonical(Object.entries(parameters), OWN), secretKey).toString('base64');
}

/** The spellings that are distinct for these parameters. */
function spellings(parameters: SignedParameters): string[] {
  const values = parameters.map(([, value]) => value).join('');
  const optional = (character: RegExp, texts: readonly [string, string]) => (character.test(values) ? texts : ['']);
  const texts = new Set<string>();
  for (const tilde of optional(/~/, ['~', '']))
    for (const star of optional(/\*/, ['*', '']))
      for (const bracket of optional(/[[\]]/, ['', '[']))
        for (const plusForSpace of / /.test(values) ? [false, true] : [false])
          for (const ignoreCase of [true, false])
            texts.add(canonical(parameters, { ignoreCase, plain: tilde + star + bracket, plusForSpace }));
  return [...texts];
}

/** Whether `signature` (base64) is that of the parameters, in any known client's spelling. Constant time per spelling. */
export function verifySignature(parameters: SignedParameters, signature: string, secretKey: string): boolean {
  const given = Buffer.from(signature, 'base64');
  let matches = false;
  for (const text of spellings(parameters)) {
    const expected = hmac(text, secretKey);
    if (given.length === expected.length && timingSafeEqual(given, expected)) matches = true;
  }
  return matches;
}
