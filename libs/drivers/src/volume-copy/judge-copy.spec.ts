import { describe, expect, it } from 'vitest';
import { judgeCopy, type CopyFacts, type CopyVerdict } from './judge-copy.js';

type Row = [
  CopyFacts['active'],
  CopyFacts['job'] | '-',
  defined: boolean,
  images: 'both' | 'source' | 'target' | 'none',
  CopyVerdict,
];

const ROWS: readonly Row[] = [
  // The machine runs on the source.
  ['source', 'none', false, 'source', 'mirror'],
  ['source', 'none', false, 'both', 'mirror'],
  ['source', 'none', true, 'both', 'define-source'],
  ['source', 'mirroring', false, 'both', 'wait'],
  ['source', 'mirroring', true, 'both', 'define-source'],
  ['source', 'in-step', false, 'both', 'in-step'],
  ['source', 'in-step', true, 'both', 'in-step'],
  ['source', 'foreign', false, 'both', 'busy'],
  ['source', 'foreign', true, 'both', 'busy'],
  // It runs on the target: it went over, whatever else is there.
  ['target', 'none', false, 'both', 'define-target'],
  ['target', 'none', true, 'both', 'moved'],
  ['target', 'none', true, 'target', 'moved'],
  // It runs on something else.
  ['neither', 'none', false, 'both', 'lost'],
  ['neither', 'none', true, 'both', 'lost'],
  // Nothing runs.
  ['off', '-', false, 'source', 'copy'],
  ['off', '-', true, 'source', 'copy'],
  ['off', '-', false, 'both', 'at-rest'],
  ['off', '-', true, 'both', 'moved'],
  ['off', '-', false, 'target', 'moved'],
  ['off', '-', true, 'target', 'moved'],
  ['off', '-', false, 'none', 'lost'],
  ['off', '-', true, 'none', 'lost'],
];

describe('judgeCopy', () => {
  it.each(ROWS)('active %s, job %s, defined %s, images %s: %s', (...row) => {
    const [active, job, defined, images, verdict] = row;
    const facts: CopyFacts = {
      active,
      job: job === '-' ? 'none' : job,
      defined,
      sourceExists: images === 'both' || images === 'source',
      targetExists: images === 'both' || images === 'target',
    };
    expect(judgeCopy(facts)).toBe(verdict);
  });

  it('never calls for anything that writes over the disk that counts', () => {
    for (const active of ['off', 'source', 'target', 'neither'] as const)
      for (const job of ['none', 'mirroring', 'in-step', 'foreign'] as const)
        for (const defined of [true, false])
          for (const sourceExists of [true, false])
            for (const targetExists of [true, false]) {
              const verdict = judgeCopy({ active, job, defined, sourceExists, targetExists });
              const begins = verdict === 'mirror' || verdict === 'copy' || verdict === 'at-rest';
              const targetCounts = active === 'target' || (active === 'off' && defined && targetExists);
              expect(begins && targetCounts).toBe(false);
            }
  });
});
