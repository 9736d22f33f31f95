import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { migrate } from '@durastack/store/migrate';
import { mariadbSocket, mariadbUrl, startMariadb } from '../parts/mariadb.js';
import { run } from '../system/run.js';
import { readDatabaseFacts } from './database-facts.js';
import type { ProcessRecord } from './instance-file.js';
import { stopProcess } from './processes.js';

/** A stop that runs, and a start behind it. */
const WAITING = `INSERT INTO operation (id, seq, kind, state, step_title, direction, resource_type, resource_id, summary, account_id, domain_id,
    lifecycle_json, input_json, created_at, touched_at) VALUES
  ('a', 1, 'k', 'running', 'Make sure that it is off', 'forward', 'virtual-machine', 'v', 'Stop web-1', 'x', 'x', '{}', '{}', NOW(3), NOW(3)),
  ('b', 2, 'k', 'queued', NULL, 'forward', 'virtual-machine', 'v', 'Start web-1', 'x', 'x', '{}', '{}', NOW(3), NOW(3));
INSERT INTO operation_lock (operation_id, resource_type, resource_id, mode, seq, waiting) VALUES
  ('a', 'virtual-machine', 'v', 'exclusive', 1, 0), ('b', 'virtual-machine', 'v', 'exclusive', 2, 1);`;

it('facts for status come from the database, and are absent when it does not answer', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'dura-cli-'));
  let record: ProcessRecord | undefined;
  await startMariadb({ directory, logFile: join(directory, 'log') }, (process) => (record = process.record));
  try {
    await migrate(mariadbUrl(directory));
    const none = { running: 0, queued: 0, needsAttention: 0 };
    const quiet = { active: false, awaitedHosts: 0, findings: 0 };
    expect(await readDatabaseFacts(directory)).toEqual({ hosts: [], operations: none, recovery: quiet });
    await run('mariadb', ['--no-defaults', `--socket=${mariadbSocket(directory)}`, '--user=root', 'durastack'], {
      input: WAITING,
      timeoutMs: 10_000,
    });
    expect((await readDatabaseFacts(directory))?.waiting).toMatchObject({
      summary: 'Start web-1',
      state: 'queued',
      behind: 'Stop web-1 (running, Make sure that it is off)',
    });
  } finally {
    if (record !== undefined) await stopProcess(record);
  }
  expect(await readDatabaseFacts(directory)).toBeUndefined();
  rmSync(directory, { recursive: true });
});
