import { expect, it } from 'vitest';
import { chooseRestarts, lookAgainMs, pauseAfterMs, type Restartable } from './choose-restarts.js';

const vm = (vmId: string, priority: number, memoryMib = 512, operationId = 'one'): Restartable => ({
  ...{ vmId, priority, memoryMib, operationId },
});
const IDLE = new Map<string, number>();
const LIMITS = { ofOne: 3, ofAll: 10 };
const ids = (chosen: readonly Restartable[]) => chosen.map(({ vmId }) => vmId);

it('takes the most important first, and of these the largest', () => {
  const waiting = [vm('small', 5, 128), vm('low', 1), vm('big', 5, 4_096), vm('top', 10, 64)];
  expect(ids(chooseRestarts(waiting, IDLE, LIMITS))).toEqual(['top', 'big', 'small']);
});

it('takes equally important ones by chance, not those first that were made first', () => {
  const [older, newer] = ['019a0000-0000-7000-8000-ffffffffffff', '019a0000-0001-7000-8000-000000000000'];
  expect(ids(chooseRestarts([vm(older, 5), vm(newer, 5)], IDLE, LIMITS))).toEqual([newer, older]);
});

it('takes them over all lost hosts', () => {
  const waiting = [vm('a', 5), vm('b', 7, 512, 'other'), vm('c', 9, 512, 'third')];
  expect(ids(chooseRestarts(waiting, IDLE, { ofOne: 3, ofAll: 2 }))).toEqual(['c', 'b']);
});

it('starts a bounded number at once, of one host and of all', () => {
  const waiting = Array.from({ length: 9 }, (_, index) => vm(`vm-${index}`, 5));
  expect(chooseRestarts(waiting, new Map([['one', 1]]), LIMITS)).toHaveLength(2);
  expect(chooseRestarts(waiting, new Map([['other', 9]]), LIMITS)).toHaveLength(1);
  expect(chooseRestarts(waiting, new Map([['other', 12]]), LIMITS)).toEqual([]);
});

it('does not let a host that has as many as it may hold up others', () => {
  const waiting = [vm('a', 9), vm('b', 5, 512, 'other')];
  expect(ids(chooseRestarts(waiting, new Map([['one', 3]]), LIMITS))).toEqual(['b']);
});

it('waits longer after each start that failed, up to a minute', () => {
  expect([1, 2, 3, 4, 5, 99].map(pauseAfterMs)).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
});

it.each([
  { lostHosts: 1, chance: 1, proof: 1_000, trouble: 1_000, starts: 3_000 },
  { lostHosts: 1, chance: 0, proof: 1_000, trouble: 1_000, starts: 1_000 },
  { lostHosts: 4, chance: 0.5, proof: 1_000, trouble: 1_000, starts: 8_000 },
  { lostHosts: 40, chance: 0.5, proof: 1_000, trouble: 10_000, starts: 80_000 },
  { lostHosts: 200, chance: 0.5, proof: 4_000, trouble: 50_000, starts: 240_000 },
  { lostHosts: 200, chance: 0, proof: 2_000, trouble: 25_000, starts: 120_000 },
  { lostHosts: 200, chance: 1, proof: 6_000, trouble: 75_000, starts: 360_000 },
])(
  'each of $lostHosts lost hosts is looked at again after $proof ms for proof, $trouble ms in trouble, $starts ms for starts',
  ({ lostHosts, chance, ...times }) => {
    for (const what of ['proof', 'trouble', 'starts'] as const)
      expect(lookAgainMs(lostHosts, what, chance)).toBe(times[what]);
  },
);
