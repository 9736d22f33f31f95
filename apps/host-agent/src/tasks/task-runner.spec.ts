import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DurastackError } from '@durastack/contracts/errors';
import { createLogger } from '@durastack/kit/log/logger';
import { sleep } from '@durastack/drivers/simulator/faults';
import { tokenOf, until } from '../agent-fixture.js';
import { VerbGuard } from '../guard/verb-guard.js';
import { Ledger, openLedgerFile, type LedgerFile } from '../ledger/ledger.js';
import { TaskRunner, type TaskOrder } from './task-runner.js';
import { TaskStore } from './task-store.js';

const RESOURCE = 'template:1';
let directory: string;
let file: LedgerFile;
let runner: TaskRunner;
let guard: VerbGuard;
let runs: number;

const newRunner = (): void => {
  const ledger = new Ledger(file, 'host');
  guard = new VerbGuard(ledger);
  runner = new TaskRunner(ledger, guard, new TaskStore(join(directory, 'tasks')), createLogger('test', 'fatal'));
};
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'durastack-tasks-'));
  file = await openLedgerFile(join(directory, 'ledger.log'), true);
  runs = 0;
  newRunner();
});
afterEach(async () => {
  await guard.stopAll(new DurastackError('CANCELLED', 'end'));
  await file.close();
  rmSync(directory, { recursive: true });
});

const order = (generation: number, durationMs: number, rest: Partial<TaskOrder> = {}): TaskOrder => ({
  key: 'op-1',
  verb: 'fetchImage',
  resource: RESOURCE,
  kind: 'exclusive',
  token: tokenOf(generation, 1),
  fingerprint: 'a',
  act: async ({ signal, progress }) => {
    runs += 1;
    progress(40, 'fetching');
    await sleep(durationMs, signal);
    return { bytes: 1 };
  },
  ...rest,
});
const cancel = (generation: number) =>
  runner.cancel({ taskKey: 'op-1', resource: RESOURCE, token: tokenOf(generation, 1_001) });

describe('task runner', () => {
  it('answers a quick task at once, a long one by polling, and repeats what is known', async () => {
    expect(await runner.startOrTell(order(1, 10))).toMatchObject({ state: 'done', result: { bytes: 1 } });
    const long = order(1, 400, { key: 'op-2', resource: 'template:2' });
    expect(await runner.startOrTell(long)).toMatchObject({ state: 'running', percent: 40, detail: 'fetching' });
    await until('it is done', async () => (await runner.startOrTell(long)).state === 'done');
    newRunner();
    expect(await runner.startOrTell(order(1, 10))).toMatchObject({ state: 'done', result: { bytes: 1 } });
    expect(runs).toBe(2);
  });

  it('answers as soon as a long one says its landmark, with the numbers of its progress', async () => {
    const transfer = { processedBytes: 1, remainingBytes: 2, totalBytes: 3 };
    const act: TaskOrder['act'] = async ({ signal, progress }) => {
      progress(10, 'preparing');
      await sleep(10, signal);
      progress(40, 'ready', transfer);
      await sleep(60_000, signal);
    };
    const answers = [];
    for (let asked = 0; asked < 3; asked += 1)
      answers.push(await runner.startOrTell(order(1, 0, { act, landmark: 'ready' })));
    for (const answer of answers)
      expect(answer).toMatchObject({ state: 'running', detail: 'ready', progress: transfer });
  });

  it('starts again what was running when the agent died', async () => {
    expect((await runner.startOrTell(order(1, 60_000))).state).toBe('running');
    const dead = guard;
    runner.prepareToStop();
    await dead.stopAll(new DurastackError('HOST_UNREACHABLE', 'killed'));
    newRunner();
    expect(await runner.startOrTell(order(1, 10))).toMatchObject({ state: 'done' });
    expect(runs).toBe(2);
  });

  it('is cancelled once it has really stopped, and not started again by a late call', async () => {
    await runner.startOrTell(order(1, 60_000));
    expect(await cancel(1)).toMatchObject({ key: 'op-1', state: 'cancelled' });
    expect(guard.activeCount).toBe(0);
    await expect(runner.startOrTell(order(1, 10))).rejects.toMatchObject({ code: 'STALE_TOKEN' });
    expect(await runner.startOrTell(order(2, 10))).toMatchObject({ state: 'done' });
  });

  it('can be cancelled before its start arrives', async () => {
    expect((await cancel(1)).state).toBe('cancelled');
    await expect(runner.startOrTell(order(1, 10))).rejects.toMatchObject({ code: 'STALE_TOKEN' });
    expect(runs).toBe(0);
  });

  it("serves another run of the operation with what is under way, and refuses the older run's calls", async () => {
    await runner.startOrTell(order(1, 500));
    expect((await runner.startOrTell(order(2, 500))).state).toBe('running');
    await expect(runner.startOrTell(order(1, 500))).rejects.toMatchObject({ code: 'STALE_TOKEN' });
    await expect(cancel(1)).rejects.toMatchObject({ code: 'STALE_TOKEN' });
    await until('it is done', async () => (await runner.startOrTell(order(2, 500))).state === 'done');
    expect(runs).toBe(1);
  });

  it('does not trust a result when something newer has acted since', async () => {
    await runner.startOrTell(order(1, 1));
    const removal = { verb: 'ensureImageGone', resource: RESOURCE, kind: 'exclusive' as const, fingerprint: '' };
    await guard.admit({ ...removal, token: tokenOf(2), act: async () => ({}) }).ended;
    await expect(runner.startOrTell(order(1, 1))).rejects.toMatchObject({ code: 'STALE_TOKEN' });
    expect((await runner.startOrTell(order(3, 1))).state).toBe('done');
    expect(runs).toBe(2);
  });

  it('tells a failure; one that may pass by itself is tried again by the call after that', async () => {
    const failing = (code: 'BACKEND_BUSY' | 'IMAGE_REFUSED') => ({
      act: () => {
        runs += 1;
        return Promise.reject(new DurastackError(code, 'no'));
      },
    });
    expect(await runner.startOrTell(order(1, 0, failing('BACKEND_BUSY')))).toMatchObject({ state: 'failed' });
    expect(await runner.startOrTell(order(1, 0, failing('IMAGE_REFUSED')))).toMatchObject({
      state: 'failed',
      error: { code: 'IMAGE_REFUSED', message: 'no' },
    });
    expect((await runner.startOrTell(order(1, 0))).error?.code).toBe('IMAGE_REFUSED');
    expect(runs).toBe(2);
  });

  it('refuses a key that belongs to another call', async () => {
    await runner.startOrTell(order(1, 1));
    await expect(runner.startOrTell(order(1, 1, { fingerprint: 'b' }))).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});
