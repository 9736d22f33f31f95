import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { DurastackError } from '@durastack/contracts/errors';
import { onInterruption } from './interruption.js';

/** What every server on such data is started with; the rest is the caller's. */
export function mariadbPaths(data: string): string[] {
  // A server that starts removes every other server's temporary tables from a shared folder.
  return ['--no-defaults', `--datadir=${data}`, `--tmpdir=${dirname(data)}`];
}

/**
 * Makes the data directory of a private MariaDB; its folder is there already.
 *
 * @throws DurastackError ENVIRONMENT with what the program said
 */
export async function initialiseMariadb(data: string): Promise<void> {
  const words = ['--auth-root-authentication-method=normal', '--skip-test-db', '--skip-name-resolve', '--user=root'];
  const install = spawn('mariadb-install-db', [...mariadbPaths(data), ...words, '--force'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const closed = new Promise((done, failed) => install.once('close', done).once('error', failed));
  // It takes a second or two, and starts servers of its own: waited for rather than cut off.
  const forget = onInterruption(() => closed);
  let said = '';
  install.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const code = await closed.finally(forget);
  if (code === 0) return;
  throw new DurastackError(
    'ENVIRONMENT',
    `mariadb-install-db failed; is mariadb-server-core installed (./dura test installs it)?\n${said}`,
  );
}
