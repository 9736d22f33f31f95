import { describe, expect, it } from 'vitest';
import { silenceCounts, watch, type Watching } from './silence.js';

const TIMES = { windowMs: 15_000, hangMs: 2_000 };

/** A round each second, from and to, after each other; what the detector then knows. */
function watched(...spans: [fromMs: number, toMs: number][]): Watching {
  let state: Watching | undefined;
  for (const [fromMs, toMs] of spans)
    for (let nowMs = fromMs; nowMs <= toMs; nowMs += 1_000) state = watch(state, nowMs, TIMES.windowMs);
  return state!;
}

describe('silence of a host counts', () => {
  it('after one whole window of watching, and the time that a heartbeat may hang', () => {
    expect(silenceCounts(watched([0, 16_000]), 60_000, TIMES)).toBe(false);
    expect(silenceCounts(watched([0, 17_000]), 60_000, TIMES)).toBe(true);
  });
  it('not while the intake is away, and only as long after it is back', () => {
    expect(silenceCounts(watched([0, 60_000]), undefined, TIMES)).toBe(false);
    expect(silenceCounts(watched([0, 60_000]), 16_999, TIMES)).toBe(false);
    expect(silenceCounts(watched([0, 60_000]), 17_000, TIMES)).toBe(true);
  });
  it('only as long after the detector itself stalled', () => {
    expect(silenceCounts(watched([0, 60_000], [360_000, 376_000]), 600_000, TIMES)).toBe(false);
    expect(silenceCounts(watched([0, 60_000], [360_000, 377_000]), 600_000, TIMES)).toBe(true);
  });
  it('after a round that took a while, but no more than a fifth of a window', () => {
    expect(silenceCounts(watched([0, 60_000], [63_000, 63_000]), 600_000, TIMES)).toBe(true);
    expect(silenceCounts(watched([0, 60_000], [63_001, 63_001]), 600_000, TIMES)).toBe(false);
  });
});
