import { describe, expect, it } from 'vitest';
import { judgeLockTrial, type LockTrial } from './judge-lock-trial.js';

const GOOD: LockTrial = {
  ...{
    one: 'host-1',
    other: 'host-2',
    oneHolds: 'held',
    otherTries: 'refused',
    otherHolds: 'held',
    oneTries: 'refused',
  },
};

describe('a trial of image locks', () => {
  it('proves them when both were refused, and could open what was let go', () => {
    expect(judgeLockTrial(GOOD)).toEqual({
      isProven: true,
      detail: 'host-1 and host-2 were refused what the other one had open',
    });
  });

  it.each<[string, Partial<LockTrial>, RegExp]>([
    ['the other opens it too', { otherTries: 'opened' }, /QEMU of host-2 opened an image that QEMU of host-1 had open/],
    ['it works one way alone', { oneTries: 'opened' }, /QEMU of host-1 opened an image that QEMU of host-2 had open/],
    ['the other sees another directory', { otherTries: 'absent' }, /another directory/],
    ['the first could not open it', { oneHolds: 'refused' }, /host-1 could not open/],
    ['it is refused for another reason', { otherHolds: 'refused' }, /nobody has open any more/],
    ['the file was gone for the second try', { oneTries: 'absent' }, /opened|had open/],
  ])('proves nothing when %s', (_, found, detail) => {
    const verdict = judgeLockTrial({ ...GOOD, ...found });
    expect(verdict.isProven).toBe(false);
    expect(verdict.detail).toMatch(detail);
  });
});
