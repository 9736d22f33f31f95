/**
 * What a program has started beside itself, and ends when it is asked to end in the middle of its work: a `finally`
 * does not run then.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type End = () => unknown;

/** Exit codes as shells give them for programs that a signal ended. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

const ends = new Set<End>();
let isEnding = false;

/**
 * Notes how something that was started is ended; at once, when the program is ending already.
 *
 * @returns takes the note back, for what has been ended in its own time
 */
export function onInterruption(end: End): () => void {
  if (isEnding) void (async () => end())().catch(() => undefined);
  else ends.add(end);
  return () => void ends.delete(end);
}

/** Ends a process with the program that has just started it. */
export function endTogether(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): void {
  const forget = onInterruption(async () => {
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  });
  child.once('exit', forget);
}

/** A temporary directory. @returns its path, and what removes it */
export function makeScratch(prefix: string): { readonly directory: string; remove(): void } {
  const directory = mkdtempSync(join(tmpdir(), prefix));
  const removeAll = (): void => rmSync(directory, { recursive: true, force: true });
  const forget = onInterruption(removeAll);
  return {
    directory,
    remove() {
      forget();
      removeAll();
    },
  };
}

/** From now on SIGINT and SIGTERM end what is noted, what was started last first, and then the program. */
export function endWhenInterrupted(program: string): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      // A terminal's Ctrl-C may come twice: from it, and passed on by who started this.
      if (isEnding) return;
      isEnding = true;
      process.stderr.write(`${program}: ${signal}; ending what was started\n`);
      void endAll(program).finally(() => process.exit(EXIT_CODES[signal]));
    });
}

/** Whether it has been interrupted: what fails from now on fails because of that. */
export const isInterrupted = (): boolean => isEnding;

async function endAll(program: string): Promise<void> {
  // Each is looked up when its turn comes: what has ended meanwhile, with another one, would be waited for in vain.
  for (let end = [...ends].at(-1); end; end = [...ends].at(-1)) {
    ends.delete(end);
    try {
      await end();
    } catch (error) {
      process.stderr.write(`${program}: ${String(error)}\n`);
    }
  }
}
