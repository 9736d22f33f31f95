import type { SimulatedEffect } from '@durastack/drivers/simulator/effect-log';
import { expect, it } from 'vitest';
import { judgeEffects } from './effects.js';
import type { OperationFacts } from './operations.js';

const operation = (id: string, kind: string, [startedAt, endedAt]: [number, number]): OperationFacts => ({
  ...{
    id,
    kind,
    state: 'succeeded',
    direction: 'forward',
    run: 1,
    accountId: 'a',
    resourceId: 'vm',
    summary: '',
    isAsked: true,
  },
  ...{ step: null, errorCode: null, errorMessage: null, cancelAsked: false, createdAt: startedAt, startedAt, endedAt },
});
const OPERATIONS = {
  readAt: 10_000,
  operations: [
    operation('o1', 'deployVirtualMachine', [1_000, 2_000]),
    operation('o2', 'stopVirtualMachine', [3_000, 4_000]),
    operation('o3', 'startVirtualMachine', [5_000, 6_000]),
  ],
};
const runs = (at: number, hostId = 'h1'): SimulatedEffect => ({ at, hostId, kind: 'vm-running', id: 'vm' });
const off = (at: number, hostId = 'h1'): SimulatedEffect => ({ at, hostId, kind: 'vm-off', id: 'vm' });
const made: SimulatedEffect = { at: 1_100, hostId: 'h1', kind: 'volume-made', id: 'disk' };

async function* each(effects: readonly SimulatedEffect[]): AsyncIterable<SimulatedEffect> {
  yield* effects;
}

it.each<[string, SimulatedEffect[], (string | RegExp)[]]>([
  ['one after the other', [made, runs(1_500), off(3_500), runs(5_500, 'h2')], []],
  ['on two hosts at once', [runs(1_500), runs(5_500, 'h2')], [/while it ran on host h1/]],
  ['twice by one operation', [runs(1_500), off(1_600), runs(1_700)], [/2 times by deployVirtualMachine o1/]],
  ['after the operation had ended', [runs(2_500)], [/when no operation on it was under way/]],
  ['by an operation that starts nothing', [runs(3_500)], [/during stopVirtualMachine o2/]],
  ['after operations were looked at', [runs(10_001)], []],
  ['with a disk made twice', [made, made], [/volume disk was made twice/]],
])('judges a machine started %s', async (_, effects, expected) => {
  const { found } = await judgeEffects(each(effects), OPERATIONS, []);
  expect(found).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
});

it('judges a machine started again by one operation after its host had lost its power', async () => {
  const twice = [runs(1_500), off(1_600), runs(1_700)];
  expect((await judgeEffects(each(twice), OPERATIONS, [1_600])).found).toEqual([]);
  expect((await judgeEffects(each(twice), OPERATIONS, [900, 1_800])).found).toHaveLength(1);
});
