/**
 * One private MariaDB for all specs, in a temporary directory, on a unix socket; each spec makes its own
 * database in it (`@durastack/store/testing/test-database`).
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import mysql from 'mysql2/promise';
import { initialiseMariadb, mariadbPaths } from './mariadb-data.js';

/** On a machine that does much else. */
const READY_TIMEOUT_MS = 60_000;

/** Starts the server; the returned function ends it. */
export default async function setup(): Promise<() => Promise<void>> {
  const directory = mkdtempSync(join(tmpdir(), 'durastack-test-db-'));
  const dataDirectory = join(directory, 'data');
  const socketPath = join(directory, 'sock');
  await initialiseMariadb(dataDirectory).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  });
  const server = spawn(
    'mariadbd',
    [
      ...mariadbPaths(dataDirectory),
      `--socket=${socketPath}`,
      '--skip-networking',
      '--user=root',
      '--performance-schema=off',
      '--innodb-buffer-pool-size=128M',
      '--innodb-flush-log-at-trx-commit=0',
      '--max-connections=500',
      `--pid-file=${join(directory, 'pid')}`,
    ],
    { stdio: 'ignore' },
  );
  await untilReady(socketPath);
  process.env['TEST_MARIADB_SOCKET'] = socketPath;
  // Made by the first spec that wants it, see test/src/lab/use-lab.ts. Short: unix sockets lie below it.
  const lab = join(tmpdir(), basename(directory).replace('durastack-test-db', 'dura-lab'));
  process.env['TEST_LAB_RUN_HOME'] = lab;
  return async () => {
    endLab(lab);
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGTERM');
    await ended;
    rmSync(directory, { recursive: true, force: true });
  };
}

function endLab(directory: string): void {
  rmSync(`${directory}.turn`, { force: true });
  if (!existsSync(directory)) return;
  const main = fileURLToPath(new URL('../../../apps/cli/dist/main.js', import.meta.url));
  const env = { ...process.env, DURASTACK_HOME: directory };
  const { status } = spawnSync(process.execPath, [main, 'lab', 'down'], { env, stdio: 'inherit' });
  if (status !== 0)
    process.stderr.write(`The lab of the tests was not taken down: DURASTACK_HOME=${directory} ./dura lab down\n`);
}

async function untilReady(socketPath: string): Promise<void> {
  const until = performance.now() + READY_TIMEOUT_MS;
  while (performance.now() < until) {
    try {
      const connection = await mysql.createConnection({ socketPath, user: 'root' });
      await connection.end();
      return;
    } catch {
      await sleep(50);
    }
  }
  process.stderr.write(`The private MariaDB of the tests did not become ready within ${READY_TIMEOUT_MS / 1000} s.\n`);
  process.exit(1);
}
