/**
 * The instance's private MariaDB: own data directory, no system service, no network port.
 *
 * It is reached by a unix socket in the private data directory alone and knows the operating system's users, so
 * there is no password to keep.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { DurastackError } from '@durastack/contracts/errors';
import { startProcess, waitUntilReady, type StartedProcess } from '../instance/processes.js';
import { explainFullDisk } from '../system/network-failure.js';
import { lastLine, run, runOrFail } from '../system/run.js';

const DATABASE = 'durastack';
const READY_TIMEOUT_MS = 30_000;

/** Where a private MariaDB lies. */
export interface MariadbPlaces {
  /** Its directory; made when missing. */
  readonly directory: string;
  readonly logFile: string;
}

/** The socket of the server in a directory. */
export function mariadbSocket(directory: string): string {
  return join(directory, 'sock');
}

/** The URL of the database for the other parts. */
export function mariadbUrl(directory: string): string {
  return `mysql://root@localhost/${DATABASE}?socketPath=${encodeURIComponent(mariadbSocket(directory))}`;
}

/** Whether a server answers in the directory. */
export function mariadbAnswers(directory: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(mariadbSocket(directory));
    socket.once('data', () => resolve(true)).once('data', () => socket.destroy());
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}

/**
 * Makes the data directory when there is none, starts the server, makes the database.
 *
 * @param places where it lies
 * @param started is told of the process before it is ready, so that a failed start can be undone
 * @throws ENVIRONMENT when it does not come up
 */
export async function startMariadb(places: MariadbPlaces, started: (process: StartedProcess) => void): Promise<void> {
  const data = join(places.directory, 'data');
  if (!existsSync(data)) await initialise(places.directory, data);
  const process = await startProcess({
    name: 'mariadb',
    command: 'mariadbd',
    args: serverArguments(places.directory, data),
    env: { PATH: globalThis.process.env['PATH'], LC_ALL: 'C' },
    cwd: places.directory,
    logFile: places.logFile,
  });
  started(process);
  await waitUntilReady(process, () => mariadbAnswers(places.directory), READY_TIMEOUT_MS);
  await runOrFail(
    'Creating the database',
    'mariadb',
    ['--no-defaults', `--socket=${mariadbSocket(places.directory)}`, '--user=root'],
    { input: `CREATE DATABASE IF NOT EXISTS ${DATABASE} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;\n` },
  );
}

/** A half-made data directory would look like a whole one, so it gets its name at the end. */
async function initialise(directory: string, data: string): Promise<void> {
  const partial = `${data}.part`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true, mode: 0o700 });
  const result = await run('mariadb-install-db', [
    '--no-defaults',
    `--datadir=${partial}`,
    `--tmpdir=${directory}`,
    '--auth-root-authentication-method=socket',
    '--skip-test-db',
    // Otherwise it insists on a host name that resolves, which new machines often lack and we never use.
    '--force',
    '--skip-name-resolve',
    '--user=root',
    '--innodb-buffer-pool-size=16M',
  ]);
  if (result.code !== 0) {
    const said = `${result.stdout}\n${result.stderr}`;
    const line = said.split('\n').find((text) => /\[ERROR\]|ERROR|FATAL/.test(text)) ?? lastLine(said);
    const why = explainFullDisk(said) ?? line.trim();
    throw new DurastackError('ENVIRONMENT', `Making the database in ${directory} failed: ${why}`);
  }
  renameSync(partial, data);
}

/** Small, durable, and deaf to the machine's own configuration files. */
function serverArguments(directory: string, data: string): string[] {
  return [
    '--no-defaults',
    `--datadir=${data}`,
    // A server that starts removes every other server's temporary tables from a shared one.
    `--tmpdir=${directory}`,
    `--socket=${mariadbSocket(directory)}`,
    `--pid-file=${join(directory, 'pid')}`,
    '--user=root',
    '--skip-networking',
    '--skip-name-resolve',
    '--character-set-server=utf8mb4',
    '--collation-server=utf8mb4_unicode_ci',
    '--performance-schema=OFF',
    '--innodb-buffer-pool-size=128M',
    '--innodb-log-file-size=64M',
    '--innodb-flush-log-at-trx-commit=1',
    '--max-connections=200',
    '--disable-log-bin',
  ];
}
