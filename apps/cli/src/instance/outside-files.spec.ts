import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { migrate } from '@durastack/store/migrate';
import { mariadbAnswers, mariadbSocket, mariadbUrl, startMariadb } from '../parts/mariadb.js';
import { runOrFail } from '../system/run.js';
import { prepareHome, type Home } from './home.js';
import type { ProcessRecord } from './instance-file.js';
import { removeOutsideFiles } from './outside-files.js';
import { stopProcess } from './processes.js';

const ID = '6f1d2c1e-0000-4000-8000-00000000000';
let directory: string;
let home: Home;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dura-cli-'));
  home = prepareHome(join(directory, 'h'));
});
afterEach(() => rmSync(directory, { recursive: true }));

it('only known disks and images in directories of the user are removed', async () => {
  const pool = join(directory, 'elsewhere');
  mkdirSync(join(pool, 'volumes'), { recursive: true });
  const [known, foreign] = [`${ID}3.qcow2`, 'holiday.qcow2'].map((name) => join(pool, 'volumes', name));
  for (const file of [known, foreign]) writeFileSync(file as string, '');
  let record: ProcessRecord | undefined;
  await startMariadb({ directory: home.mariadb, logFile: join(directory, 'log') }, (p) => (record = p.record));
  await migrate(mariadbUrl(home.mariadb));
  const options = ['--no-defaults', `--socket=${mariadbSocket(home.mariadb)}`, '--user=root', 'durastack'];
  await runOrFail('Filling', 'mariadb', options, {
    input: `
      INSERT INTO storage_pool (id, name, zone_id, kind, scope, path, state, allocation_state, created_at)
        VALUES ('${ID}1', 'p', '${ID}9', 'directory', 'CLUSTER', '${pool}', 'Up', 'Enabled', NOW(3));
      INSERT INTO volume (id, name, account_id, domain_id, zone_id, pool_id, kind, size_bytes, state, created_at)
        VALUES ('${ID}3', 'v', '${ID}9', '${ID}9', '${ID}9', '${ID}1', 'ROOT', 1, 'Ready', NOW(3));`,
  });
  if (record !== undefined) await stopProcess(record);
  expect(await removeOutsideFiles(home)).toBe(1);
  expect(await mariadbAnswers(home.mariadb)).toBe(false);
  expect(existsSync(known as string)).toBe(false);
  expect(existsSync(foreign as string)).toBe(true);
});

it('a home whose first start failed early has none', async () => {
  expect(await removeOutsideFiles(home)).toBe(0);
});
