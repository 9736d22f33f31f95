import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProcessRecord } from './instance-file.js';
import { isRunning, recordOf, residentMib, startProcess, stopProcess, waitUntilReady } from './processes.js';

let directory: string;
const records: ProcessRecord[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dura-cli-'));
});

afterEach(async () => {
  for (const record of records.splice(0)) await stopProcess(record, 0);
  rmSync(directory, { recursive: true });
});

async function start(script: string) {
  const started = await startProcess({
    name: 'worker',
    command: process.execPath,
    args: ['-e', script],
    env: { PATH: process.env['PATH'] },
    cwd: directory,
    logFile: join(directory, 'log'),
  });
  records.push(started.record);
  return started;
}

describe('a supervised process', () => {
  it('is recognised by pid and start time, writes its log, and ends when asked', async () => {
    const started = await start('console.log("here"); setInterval(() => {}, 1000)');
    await waitUntilReady(started, async () => readFileSync(join(directory, 'log'), 'utf8') === 'here\n', 5_000);
    expect(isRunning(started.record)).toBe(true);
    expect(residentMib(started.record.pid)).toBeGreaterThan(10);
    await stopProcess(started.record);
    expect(isRunning(started.record)).toBe(false);
    expect(residentMib(started.record.pid)).toBeNull();
  });

  it('is killed when it does not end by itself', async () => {
    const started = await start('process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000)');
    await waitUntilReady(started, async () => readFileSync(join(directory, 'log'), 'utf8') === 'up\n', 5_000);
    await stopProcess(started.record, 200);
    expect(isRunning(started.record)).toBe(false);
  });

  it('is left alone when its pid belongs to another process by now', async () => {
    const other = await start('setInterval(() => {}, 1000)');
    const stale: ProcessRecord = { ...other.record, startTime: '1' };
    await stopProcess(stale, 0);
    await stopProcess({ ...other.record, bootId: 'another boot' }, 0);
    expect(isRunning(stale)).toBe(false);
    expect(isRunning(recordOf('worker', other.record.pid))).toBe(true);
  });

  it('that ends at start is reported with the line that tells why', async () => {
    const script = 'console.log(JSON.stringify({level:50,msg:"The port is taken"}));console.log("bye");process.exit(3)';
    const started = await start(script);
    await expect(waitUntilReady(started, async () => false, 5_000)).rejects.toThrow(
      /^worker ended at start \(exit code 3\): The port is taken \(log: /,
    );
  });

  it('that never answers is reported', async () => {
    const started = await start('console.log("starting slowly"); setInterval(() => {}, 1000)');
    await expect(waitUntilReady(started, async () => false, 700)).rejects.toThrow(
      /did not answer within 1 s: starting/,
    );
  });

  it('that does not exist is reported', async () => {
    const plan = { name: 'api', command: '/nonexistent', args: [], env: {}, cwd: directory, logFile: `${directory}/l` };
    await expect(startProcess({ ...plan, name: 'api' })).rejects.toThrow(/api cannot be started: .*ENOENT/);
  });
});
