/** `application/x-www-form-urlencoded`, read strictly: what is no encoding of a text is a fault, not a guess. */
import type { DurastackError } from '@durastack/contracts/errors';
import { invalid, shorten } from './text-faults.js';

/** One `name=value`, decoded; with the fault of what could not be. */
export interface Pair {
  readonly name: string;
  readonly value: string;
  readonly fault?: DurastackError;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

/** Parameters that a request may have; a list of 1,000 maps fits in. */
export const MAX_PARAMETERS = 10_000;

/** The pairs of a query string or form body, in their order; of too many only one more than there may be. */
export function readPairs(text: string): Pair[] {
  return text
    .split('&', MAX_PARAMETERS + 1)
    .filter((part) => part !== '')
    .map((part) => {
      const equals = part.indexOf('=');
      const [rawName, rawValue] = equals < 0 ? [part, ''] : [part.slice(0, equals), part.slice(equals + 1)];
      const [name, value] = [decode(rawName), decode(rawValue)];
      if (name !== undefined && value !== undefined) return { name, value };
      const shown = shorten(name ?? rawName);
      const fault = invalid(shown, `The parameter ${shown} is not percent-encoded UTF-8.`);
      return { name: name ?? rawName, value: value ?? rawValue, fault };
    });
}
