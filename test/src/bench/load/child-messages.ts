import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { DurastackError } from '@durastack/contracts/errors';

/** The next message of a child of ours; ENVIRONMENT when it ends instead. */
export async function nextMessage<T>(child: ChildProcess, what: string): Promise<T> {
  const over = new AbortController();
  const { signal } = over;
  const ended = once(child, 'exit', { signal }).then(([code]): never => {
    throw new DurastackError('ENVIRONMENT', `${what} ended with ${String(code)}.`);
  });
  const answered = once(child, 'message', { signal }).then(([message]) => message as T);
  try {
    return await Promise.race([answered, ended]);
  } finally {
    // The one that lost is told to stop listening; that it says so is of no interest.
    ended.catch(() => undefined);
    answered.catch(() => undefined);
    over.abort();
  }
}
