import { expect, it } from 'vitest';
import { chooseRestarts, lookAgainMs, pauseAfterMs, type Restartable } from './choose-restarts.js';

const vm = (vmId: string, priority: number, memoryMib = 512): Restartable => ({ vmId, priority, memoryMib });
const IDLE = { here: 0, everywhere: 0, mostImportantElsewhere: undefined };
const LIMITS = { here: 3, everywhere: 10 };
const ids = (chosen: readonly Restartable[]) => chosen.map(({ vmId }) => vmId);

it('takes the most important first, and of these the largest', () => {
  const waiting = [vm('small', 5, 128), vm('low', 1), vm('big', 5, 4_096), vm('top', 10, 64)];
  expect(ids(chooseRestarts(waiting, IDLE, LIMITS))).toEqual(['top', 'big', 'small']);
});

it('leaves room for what is more important on another lost host', () => {
  const waiting = [vm('a', 5), vm('b', 7)];
  expect(ids(chooseRestarts(waiting, { ...IDLE, mostImportantElsewhere: 7 }, LIMITS))).toEqual(['b']);
  expect(ids(chooseRestarts(waiting, { ...IDLE, mostImportantElsewhere: 9 }, LIMITS))).toEqual([]);
});

it('starts a bounded number at once, of one host and of all', () => {
  const waiting = Array.from({ length: 9 }, (_, index) => vm(`vm-${index}`, 5));
  expect(chooseRestarts(waiting, { ...IDLE, here: 1 }, LIMITS)).toHaveLength(2);
  expect(chooseRestarts(waiting, { ...IDLE, everywhere: 9 }, LIMITS)).toHaveLength(1);
  expect(chooseRestarts(waiting, { ...IDLE, everywhere: 12 }, LIMITS)).toEqual([]);
});

it('waits longer after each start that failed, up to a minute', () => {
  expect([1, 2, 3, 4, 5, 99].map(pauseAfterMs)).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
});

it.each([
  { lostHosts: 1, proof: 1_000, restart: 1_000 },
  { lostHosts: 16, proof: 1_000, restart: 1_000 },
  { lostHosts: 40, proof: 1_000, restart: 2_400 },
  { lostHosts: 200, proof: 4_000, restart: 12_000 },
])('$lostHosts lost hosts are looked at again after $proof ms for proof, $restart ms for starts', (one) => {
  expect(lookAgainMs(one.lostHosts, 'proof')).toBe(one.proof);
  expect(lookAgainMs(one.lostHosts, 'restart')).toBe(one.restart);
});
