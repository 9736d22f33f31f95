import { describe, expect, it } from 'vitest';
import { memoryOf, OwnTicks, statOf } from './own-use.js';

const process = (ticks: number, started = '100') => ({ started, ticks, memoryKib: 0 });

describe('what a lab host uses', () => {
  it('of the processors is the sum of its processes, those that ended included', () => {
    const ticks = new OwnTicks();
    expect(ticks.add(new Map([[1, process(5)]]))).toBe(5);
    expect(
      ticks.add(
        new Map([
          [1, process(7)],
          [2, process(3)],
        ]),
      ),
    ).toBe(10);
    expect(ticks.add(new Map([[1, process(8)]]))).toBe(11);
  });

  it('of the processors counts a pid anew when another process has it', () => {
    const ticks = new OwnTicks();
    ticks.add(new Map([[2, process(50)]]));
    expect(ticks.add(new Map([[2, process(4, '200')]]))).toBe(54);
  });

  it('of the processors is all that its file tells of; time passes as it does for all', () => {
    const real = 'cpu  600 0 200 1000 100 0 50 50 0 0\ncpu0 1 2 3\nintr 7\n';
    expect(statOf(real, 30)).toBe('cpu  30 0 0 1970 0 0 0 0 0 0\ncpu0 1 2 3\nintr 7\n');
  });

  it('of the memory is what is not available; all else is as the kernel says', () => {
    const real = 'MemTotal:       10000 kB\nMemFree:          100 kB\nMemAvailable:     200 kB\nBuffers: 3 kB\n';
    expect(memoryOf(real, 1_500)).toBe(
      'MemTotal:       10000 kB\nMemFree:          100 kB\nMemAvailable:        8500 kB\nBuffers: 3 kB\n',
    );
  });
});
