/** Texts for a POSIX shell: the only place where a command line for another machine is put together. */
import { invariant } from '@durastack/contracts/errors';

/** A text as one word of a POSIX shell, whatever it holds. BUG for a NUL, which no argument can carry. */
export function shellWord(text: string): string {
  invariant(!text.includes('\0'), 'A shell argument cannot hold a NUL character.');
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Words as a command line that a POSIX shell takes apart into exactly these words. */
export function shellLine(words: readonly string[]): string {
  return words.map(shellWord).join(' ');
}
