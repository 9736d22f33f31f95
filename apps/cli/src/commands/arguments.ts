/** The words after `dura <command>`. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { DurastackError } from '@durastack/contracts/errors';

type Options = NonNullable<ParseArgsConfig['options']>;
type Words<O extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: O; allowPositionals: true; strict: true }>
>;

/**
 * Parses flags and positionals.
 *
 * @throws INVALID_INPUT for an unknown flag, naming the help
 */
export function parseWords<O extends Options>(command: string, words: readonly string[], options: O): Words<O> {
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true, strict: true });
  } catch (error) {
    const what = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new DurastackError('INVALID_INPUT', `dura ${command}: ${what} See "dura --help".`, { cause: error });
  }
}

/**
 * `key=value` words as an object.
 *
 * @throws INVALID_INPUT for a word without `=`, or a key given twice
 */
export function parseAssignments(words: readonly string[]): Record<string, string> {
  const result: Record<string, string> = {};
  for (const word of words) {
    const split = word.indexOf('=');
    if (split < 1) throw new DurastackError('INVALID_INPUT', `"${word}" is not key=value; write e.g. name=web-1.`);
    const key = word.slice(0, split);
    if (key in result) throw new DurastackError('INVALID_INPUT', `${key} is given twice.`);
    result[key] = word.slice(split + 1);
  }
  return result;
}

/**
 * A port given by flag or environment.
 *
 * @throws INVALID_INPUT when it is no port
 */
export function parsePort(text: string | undefined, setting: string): { port: number; setting: string } | undefined {
  if (text === undefined || text === '') return undefined;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new DurastackError('INVALID_INPUT', `${setting} is "${text}"; give a port from 1 to 65535.`);
  }
  return { port, setting };
}
