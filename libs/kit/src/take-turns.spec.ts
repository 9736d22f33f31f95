import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { takeTurns } from './take-turns.js';

const OPTIONS = { atOnce: 4, turnMs: 100 };
const MANY = 20_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('gives turns in order, one more for each that ends, and no two for one that ends twice', () => {
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const inTurn = takeTurns(OPTIONS);
  for (let one = 0; one < 8; one += 1) {
    inTurn((end) => {
      begun.push(one);
      ends.push(end);
    });
  }
  expect(begun).toEqual([0, 1, 2, 3]);
  ends[2]?.();
  ends[2]?.();
  expect(begun).toEqual([0, 1, 2, 3, 4]);
  vi.advanceTimersByTime(OPTIONS.turnMs);
  expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  ends[0]?.();
  expect(begun).toHaveLength(8);
});

it('bears any number that end as soon as they begin', () => {
  const inTurn = takeTurns(OPTIONS);
  const held: (() => void)[] = [];
  let ended = 0;
  for (let one = 0; one < OPTIONS.atOnce; one += 1) inTurn((end) => void held.push(end));
  for (let one = 0; one < MANY; one += 1)
    inTurn((end) => {
      ended += 1;
      end();
    });
  expect(ended).toBe(0);
  held[0]?.();
  expect(ended).toBe(MANY);
});
