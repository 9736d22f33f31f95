/**
 * What only a real Temporal can show: quick steps that go over to a durable activity when the database is away for
 * longer than a local one may take, and results that are too large for a history.
 *
 * The workflows are the product's own, their activities are made up.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureTemporalBinary } from '@durastack/cli/parts/temporal-binary';
import { DurastackError } from '@durastack/contracts/errors';
import { DONE, type RunRef } from '@durastack/contracts/operations/step';
import { MAX_PAYLOAD_BYTES, withActivityEdge } from '@durastack/kit/temporal/activity-edge';
import { TASK_QUEUE } from '@durastack/kit/temporal/task-queue';
import { activityInfo } from '@temporalio/activity';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { answers, Child } from '../support/child.js';
import { freePort } from '../support/free-port.js';

const CHECKOUT = resolve(fileURLToPath(new URL('../../..', import.meta.url)));
const LIMIT_MS = 120_000;

type Activity = (argument: never) => Promise<unknown>;
interface Call {
  readonly name: string;
  readonly local: boolean;
  readonly argument: unknown;
}

/** Every activity that the workflow under test asks for; by operation, so that runs do not see each other. */
const made = new Map<string, Record<string, Activity>>();
const calls = new Map<string, Call[]>();

/** Steps and beginRun are given the run itself, the others an object that holds it. */
function runOf(argument: unknown): RunRef {
  const { run } = argument as { run: RunRef | number };
  return typeof run === 'object' ? run : (argument as RunRef);
}

function activity(name: string): Activity {
  return withActivityEdge(
    async (argument: unknown) => {
      const { operationId } = runOf(argument);
      const call = { name, local: activityInfo().isLocal, argument };
      calls.set(operationId, [...(calls.get(operationId) ?? []), call]);
      const own = made.get(operationId)?.[name];
      if (own) return own(argument as never);
      if (name === 'beginRun')
        return { kind: 'run', generation: 1, controlEpoch: 1, direction: 'forward', cancelRequested: false };
      return name === 'setDirection' ? true : DONE;
    },
    () => {},
  ) as Activity;
}

// Failures are what these cases are about.
const quiet = () => {};
Runtime.install({ logger: { log: quiet, trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet } });

let directory: string;
let temporal: Child;
let connection: Connection;
let native: NativeConnection;
let worker: Worker | undefined;
let running: Promise<unknown>;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'durastack-hand-over-'));
  const binaries = join(CHECKOUT, '.durastack/cache');
  mkdirSync(binaries, { recursive: true });
  const { path } = await ensureTemporalBinary(binaries);
  const [port, uiPort] = [String(await freePort()), String(await freePort())];
  const listen = ['--ip', '127.0.0.1', '--port', port, '--ui-ip', '127.0.0.1', '--ui-port', uiPort];
  temporal = new Child({
    command: path,
    args: ['server', 'start-dev', ...listen, '--log-level', 'error'],
    env: { HOME: directory },
    logFile: join(directory, 'temporal.log'),
    ready: () => answers(`http://127.0.0.1:${uiPort}/api/v1/namespaces/default`),
  });
  await temporal.start();
  const address = `127.0.0.1:${port}`;
  connection = await Connection.connect({ address });
  native = await NativeConnection.connect({ address });
  const code = readFileSync(join(CHECKOUT, 'apps/worker/build/workflow-bundle.js'), 'utf8');
  const names = ['beginRun', 'setDirection', 'finishRun', 'needsAttention', 'reservePlacement', 'releasePlacement'];
  names.push('createRootVolume', 'removeRootVolume', 'startVm', 'removeVmFromHost');
  const activities = Object.fromEntries(names.map((name) => [name, activity(name)]));
  const parts = { connection: native, activities };
  worker = await Worker.create({ ...parts, taskQueue: TASK_QUEUE, workflowBundle: { code } });
  running = worker.run();
}, LIMIT_MS);
afterAll(async () => {
  worker?.shutdown();
  await running;
  await native?.close();
  await connection?.close();
  await temporal?.kill();
  rmSync(directory, { recursive: true, force: true });
});

/** Runs a deploy with some activities of its own; how it ended, and what was called. */
async function deploy(operationId: string, own: Record<string, Activity>) {
  made.set(operationId, own);
  const run: RunRef = { operationId, run: 1 };
  const client = new Client({ connection });
  const outcome = (await client.workflow.execute('deployVirtualMachine', {
    args: [run],
    taskQueue: TASK_QUEUE,
    workflowId: `${operationId}-1`,
    workflowTaskTimeout: '3s',
  })) as string;
  const of = (name: string) => (calls.get(operationId) ?? []).filter((call) => call.name === name);
  return { outcome, of };
}

const away = () => Promise.reject(new DurastackError('BACKEND_BUSY', 'the database is away'));
const large = { done: true, detail: 'x'.repeat(MAX_PAYLOAD_BYTES) };

it(
  'the database is away for longer than a local activity may take: a durable one waits for it',
  async () => {
    const whileLocal = () =>
      activityInfo().isLocal || activityInfo().attempt < 3 ? away() : Promise.resolve(undefined);
    const { outcome, of } = await deploy('away', { finishRun: whileLocal });
    expect(outcome).toBe('succeeded');
    expect(of('finishRun').some(({ local }) => local)).toBe(true);
    expect(of('finishRun').filter(({ local }) => !local)).toHaveLength(3);
    expect(of('reservePlacement').every(({ local }) => local)).toBe(true);
  },
  LIMIT_MS,
);

it(
  'a local activity that does not answer is given up, and a durable one takes over',
  async () => {
    let letGo: (outcome: unknown) => void = () => {};
    const gate = new Promise((resolve) => (letGo = resolve));
    const hanging = () => (activityInfo().isLocal ? gate : Promise.resolve(DONE));
    const { outcome, of } = await deploy('hanging', { reservePlacement: hanging });
    letGo(DONE);
    expect(outcome).toBe('succeeded');
    expect(of('reservePlacement').filter(({ local }) => !local)).toHaveLength(1);
  },
  LIMIT_MS,
);

it.each([
  { step: 'reservePlacement', local: true },
  { step: 'createRootVolume', local: false },
  { step: 'startVm', local: false },
])(
  'an oversized result of $step ends the operation with an error and undone; it is not asked for again',
  async ({ step, local }) => {
    const { outcome, of } = await deploy(`large-${step}`, { [step]: () => Promise.resolve(large) });
    expect(outcome).toBe('undone');
    expect(of(step)).toEqual([expect.objectContaining({ local })]);
    expect(of('setDirection')).toEqual([
      expect.objectContaining({
        argument: expect.objectContaining({
          direction: 'undoing',
          failure: expect.objectContaining({ code: 'BUG' }) as unknown,
        }) as unknown,
      }),
    ]);
    expect(of('finishRun')).toEqual([
      expect.objectContaining({ argument: expect.objectContaining({ outcome: 'undone' }) as unknown }),
    ]);
  },
  LIMIT_MS,
);

it(
  'a refusal is no outage: nothing takes over from a local activity that was refused',
  async () => {
    const refused = () => Promise.reject(new DurastackError('NO_CAPACITY', 'there is no room'));
    const { outcome, of } = await deploy('refused', { reservePlacement: refused });
    expect(outcome).toBe('undone');
    expect(of('reservePlacement')).toHaveLength(1);
  },
  LIMIT_MS,
);
