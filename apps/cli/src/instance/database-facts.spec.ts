import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { migrate } from '@durastack/store/migrate';
import { mariadbUrl, startMariadb } from '../parts/mariadb.js';
import { readDatabaseFacts } from './database-facts.js';
import type { ProcessRecord } from './instance-file.js';
import { stopProcess } from './processes.js';

it('facts for status come from the database, and are absent when it does not answer', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'dura-cli-'));
  let record: ProcessRecord | undefined;
  await startMariadb({ directory, logFile: join(directory, 'log') }, (process) => (record = process.record));
  try {
    await migrate(mariadbUrl(directory));
    const none = { running: 0, queued: 0, needsAttention: 0 };
    const quiet = { active: false, awaitedHosts: 0, findings: 0 };
    expect(await readDatabaseFacts(directory)).toEqual({ hosts: [], operations: none, recovery: quiet });
  } finally {
    if (record !== undefined) await stopProcess(record);
  }
  expect(await readDatabaseFacts(directory)).toBeUndefined();
  rmSync(directory, { recursive: true });
});
