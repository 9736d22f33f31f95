/** Every recorded history replays on today's workflows: what runs while an upgrade is made goes on afterwards. */
import { fileURLToPath } from 'node:url';
import { Runtime, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadStepLists } from '../support/workflows.js';
import { readHistories } from './histories.js';

const codePath = fileURLToPath(new URL('../../../apps/worker/build/workflow-bundle.js', import.meta.url));
const histories = readHistories();

beforeAll(() => {
  Runtime.install({ logger: { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} } });
});

it('every workflow has a recorded history', async () => {
  const recorded = new Set(histories.map(({ workflow }) => workflow));
  const missing = [...(await loadStepLists()).keys(), 'balanceCluster'].filter((name) => !recorded.has(name));
  expect(missing, 'record them: node test/dist/replay/record.js').toEqual([]);
});

describe.each(histories)('$workflow $name', ({ history }) => {
  it('replays', async () => {
    await Worker.runReplayHistory({ workflowBundle: { codePath } }, history);
  });
});

it('a history of other steps than those of the workflow is noticed', async () => {
  const { history } = histories.find(({ workflow }) => workflow === 'rebootVirtualMachine')!;
  const text = JSON.stringify(history).replaceAll('"rebootVirtualMachine"', '"destroyVirtualMachine"');
  await expect(Worker.runReplayHistory({ workflowBundle: { codePath } }, JSON.parse(text) as unknown)).rejects.toThrow(
    /nondeterminism|determinism/i,
  );
});
