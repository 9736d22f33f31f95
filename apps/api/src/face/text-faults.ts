/** Characters that no text of a command may hold, whatever the command does with it. */
import { DurastackError } from '@durastack/contracts/errors';

/** How much of a caller's own text is repeated in a message. */
const SHOWN = 200;

/** Control characters but tab, line feed and carriage return. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;
/** What ends a line, also for readers of Unicode. */
const LINE_END = /[\n\r\u2028\u2029]/;
/** Reorders what is shown after it, so that a name looks like another. */
const REORDERS = /[\u202a-\u202e\u2066-\u2069]/;
/** Code points that are no characters in any interchange, and halves of pairs. */
const NO_CHARACTER = /[\ufdd0-\ufdef]|[\ufffe\uffff]|\p{Cs}|[\u{1fffe}\u{1ffff}\u{10fffe}\u{10ffff}]/u;

/** A caller's text as messages repeat it: not more than fits a line, without what a terminal or log would obey. */
export function shorten(text: string): string {
  const printable = text
    .slice(0, SHOWN)
    .replace(new RegExp(`${CONTROL.source}|${LINE_END.source}|${REORDERS.source}`, 'g'), '\ufffd')
    .replace(/\p{Cs}/gu, '\ufffd');
  return text.length > SHOWN ? `${printable}…` : printable;
}

/** INVALID_INPUT about one parameter. */
export function invalid(parameter: string, message: string): DurastackError {
  return new DurastackError('INVALID_INPUT', message, { details: { parameter } });
}

/**
 * Why a value may not be taken, looking at every text in it, keys as well; undefined when it may.
 *
 * @param options `lines`: it may have several lines
 */
export function textFault(value: unknown, options: { readonly lines: boolean }): string | undefined {
  if (typeof value === 'string') return faultOfText(value, options.lines);
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, item] of Object.entries(value)) {
    const fault = faultOfText(key, false) ?? textFault(item, options);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function faultOfText(text: string, lines: boolean): string | undefined {
  if (CONTROL.test(text)) return 'it holds a control character';
  if (!lines && LINE_END.test(text)) return 'it holds the end of a line';
  if (REORDERS.test(text)) return 'it holds a character that reverses the direction of writing';
  if (NO_CHARACTER.test(text)) return 'it holds a code point that is no character';
  return undefined;
}
