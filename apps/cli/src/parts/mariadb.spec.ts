import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { migrate } from '@durastack/store/migrate';
import { recordOf, stopProcess } from '../instance/processes.js';
import { runOrFail } from '../system/run.js';
import { mariadbAnswers, mariadbSocket, mariadbUrl, startMariadb } from './mariadb.js';

const running: { pid: number; directory: string }[] = [];

afterEach(async () => {
  for (const { pid, directory } of running.splice(0)) {
    await stopProcess(recordOf('mariadb', pid));
    rmSync(directory, { recursive: true });
  }
});

async function start(directory = mkdtempSync(join(tmpdir(), 'dura-cli-'))): Promise<string> {
  const logFile = join(directory, 'log');
  await startMariadb({ directory, logFile }, (p) => running.push({ pid: p.record.pid, directory }));
  return directory;
}

async function variable(directory: string, name: string): Promise<string> {
  const args = ['--no-defaults', `--socket=${mariadbSocket(directory)}`, '-uroot', '-BN', '-e', `SELECT @@${name}`];
  return (await runOrFail('Asking', 'mariadb', args)).trim();
}

describe('the private MariaDB', () => {
  it('runs beside another one, each with its own data, durable and without a network port', async () => {
    const [a, b] = await Promise.all([start(), start()]);
    expect(await variable(a, 'datadir')).toBe(`${a}/data/`);
    expect(await variable(b, 'datadir')).toBe(`${b}/data/`);
    expect(await variable(a, 'skip_networking')).toBe('1');
    expect(await variable(a, 'innodb_flush_log_at_trx_commit')).toBe('1');
    expect(await variable(a, 'performance_schema')).toBe('0');
    expect((await migrate(mariadbUrl(a))).length).toBeGreaterThan(0);
    expect(await migrate(mariadbUrl(a))).toEqual([]);
  });

  it('keeps its data over a restart', async () => {
    const directory = await start();
    await migrate(mariadbUrl(directory));
    const first = running.pop();
    await stopProcess(recordOf('mariadb', first?.pid ?? 0));
    expect(await mariadbAnswers(directory)).toBe(false);
    await start(directory);
    expect(await migrate(mariadbUrl(directory))).toEqual([]);
  });

  it('says what is wrong when its data is damaged', async () => {
    const directory = await start();
    const first = running.pop();
    await stopProcess(recordOf('mariadb', first?.pid ?? 0));
    rmSync(join(directory, 'data/mysql'), { recursive: true });
    const again = startMariadb({ directory, logFile: join(directory, 'log') }, () => {});
    await expect(again).rejects.toThrow(/mariadb ended at start .*\[ERROR\]/);
    rmSync(directory, { recursive: true });
  });
});

describe('the private MariaDB on a full disk', () => {
  it('says so in one line', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'dura-cli-'));
    await runOrFail('Mounting', 'mount', ['-t', 'tmpfs', '-o', 'size=40m', 'none', directory]);
    try {
      const attempt = startMariadb({ directory, logFile: join(directory, 'log') }, () => {});
      await expect(attempt).rejects.toThrow(/^Making the database in \S+ failed: the disk is full; free some space/);
    } finally {
      await runOrFail('Unmounting', 'umount', [directory]);
      rmSync(directory, { recursive: true });
    }
  });
});
