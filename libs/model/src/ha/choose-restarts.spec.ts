import { expect, it } from 'vitest';
import { chooseRestarts, lookAgainMs, nextRoundMs, pauseAfterMs, type Restartable } from './choose-restarts.js';

const vm = (vmId: string, priority: number, memoryMib = 512): Restartable => ({ vmId, priority, memoryMib });
const IDLE = { here: 0, everywhere: 0, elsewhere: [] };
const LIMITS = { here: 3, everywhere: 10 };
const ids = (chosen: readonly Restartable[]) => chosen.map(({ vmId }) => vmId);

it('takes the most important first, and of these the largest', () => {
  const waiting = [vm('small', 5, 128), vm('low', 1), vm('big', 5, 4_096), vm('top', 10, 64)];
  expect(ids(chooseRestarts(waiting, IDLE, LIMITS))).toEqual(['top', 'big', 'small']);
});

it('leaves room for what is more important on another lost host', () => {
  const waiting = [vm('a', 5), vm('b', 7)];
  expect(ids(chooseRestarts(waiting, { ...IDLE, elsewhere: [3, 7] }, LIMITS))).toEqual(['b']);
  expect(ids(chooseRestarts(waiting, { ...IDLE, elsewhere: [9] }, LIMITS))).toEqual([]);
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
  { lostHosts: 4, proof: 1_000, restart: 1_000 },
  { lostHosts: 40, proof: 1_000, restart: 10_000 },
  { lostHosts: 200, proof: 4_000, restart: 50_000 },
])('$lostHosts lost hosts are looked at again after $proof ms for proof, $restart ms for starts', (one) => {
  expect(lookAgainMs(one.lostHosts, 'proof')).toBe(one.proof);
  expect(lookAgainMs(one.lostHosts, 'restart')).toBe(one.restart);
});

const many = (count: number, priority: number) => Array.from({ length: count }, () => priority);
it.each([
  { what: 'nothing that waits', left: [], elsewhere: many(199, 5), afterMs: 50_000 },
  { what: 'what is as important as that of all others', left: [vm('a', 5)], elsewhere: many(199, 5), afterMs: 50_000 },
  { what: 'one of the last important ones', left: [vm('a', 5)], elsewhere: [5, 5, ...many(197, 3)], afterMs: 1_000 },
  { what: 'what waits for more important ones', left: [vm('a', 3)], elsewhere: [5, ...many(198, 3)], afterMs: 50_000 },
  { what: 'the only one', left: [vm('a', 3)], elsewhere: [], afterMs: 1_000 },
])('of 200 lost hosts one with $what goes its next round after $afterMs ms', ({ left, elsewhere, afterMs }) => {
  expect(nextRoundMs(left, elsewhere, 200)).toBe(afterMs);
});
