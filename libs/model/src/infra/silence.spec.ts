import { describe, expect, it } from 'vitest';
import { listen, NOT_LISTENING, silenceCounts, type Listening } from './silence.js';

const WINDOW = 15_000;
/** Rounds as [time, intake healthy]; gives whether silence counts after the last. */
const after = (...rounds: [number, boolean][]): boolean => {
  let state: Listening = NOT_LISTENING;
  for (const [nowMs, intakeHealthy] of rounds) state = listen(state, { nowMs, intakeHealthy, longestRoundMs: 3_000 });
  return silenceCounts(state, rounds.at(-1)?.[0] ?? 0, WINDOW);
};
const healthy = (from: number, to: number): [number, boolean][] =>
  Array.from({ length: (to - from) / 1_000 + 1 }, (_, i) => [from + i * 1_000, true]);

describe('silence of a host counts', () => {
  it('after one whole window of listening', () => {
    expect(after(...healthy(0, 14_000))).toBe(false);
    expect(after(...healthy(0, 15_000))).toBe(true);
  });
  it('not while the intake is away, and only a window after it is back', () => {
    expect(after(...healthy(0, 60_000), [61_000, false])).toBe(false);
    expect(after(...healthy(0, 60_000), [61_000, false], ...healthy(62_000, 76_000))).toBe(false);
    expect(after(...healthy(0, 60_000), [61_000, false], ...healthy(62_000, 77_000))).toBe(true);
  });
  it('only a window after the detector itself stalled', () => {
    expect(after(...healthy(0, 60_000), ...healthy(360_000, 374_000))).toBe(false);
    expect(after(...healthy(0, 60_000), ...healthy(360_000, 375_000))).toBe(true);
  });
});
