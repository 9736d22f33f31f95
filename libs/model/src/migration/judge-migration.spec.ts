import { MIGRATION_SIDES } from '@durastack/contracts/agent/migration';
import { describe, expect, it } from 'vitest';
import { judgeMigration, type KnownSide, type MigrationVerdict } from './judge-migration.js';

const SIDES: readonly KnownSide[] = [...MIGRATION_SIDES, 'unknown', 'fenced'];

/** Source, destination, verdict, and what has happened. Every pair stands here. */
const ROWS: readonly [KnownSide, KnownSide, MigrationVerdict, string][] = [
  ['running', 'running', 'attention', 'nothing that a migration does'],
  ['running', 'paused', 'attention', 'as above: who pauses a copy that never ran?'],
  ['running', 'off', 'at-source', 'something older is left over there'],
  ['running', 'absent', 'at-source', 'cancelled, or failed before the copy was made'],
  ['running', 'held', 'at-source', 'cancelled while the copy waited'],
  ['running', 'unknown', 'ask-again', 'the destination is silent'],
  ['running', 'fenced', 'at-source', 'the destination is gone'],
  ['paused', 'running', 'attention', 'somebody paused a machine that runs elsewhere'],
  ['paused', 'paused', 'attention', 'as above'],
  ['paused', 'off', 'at-source', 'a person paused it before it went'],
  ['paused', 'absent', 'at-source', 'as above'],
  ['paused', 'held', 'at-source', 'as above, while the copy waited'],
  ['paused', 'unknown', 'ask-again', 'the destination is silent'],
  ['paused', 'fenced', 'at-source', 'the destination is gone'],
  ['off', 'running', 'migrated', 'all went well, only nobody heard of it'],
  ['off', 'paused', 'migrated', 'and somebody paused it there'],
  ['off', 'off', 'migrated', 'and its guest has ended since'],
  ['off', 'absent', 'at-source', 'its guest ended before it went'],
  ['off', 'held', 'at-source', 'its guest ended while it was being copied'],
  ['off', 'unknown', 'ask-again', 'it may run over there'],
  ['off', 'fenced', 'migrated', 'it went, and died with the destination'],
  ['absent', 'running', 'migrated', 'the source was cleared already'],
  ['absent', 'paused', 'migrated', 'as above'],
  ['absent', 'off', 'migrated', 'as above'],
  ['absent', 'absent', 'at-source', 'it is nowhere: nothing to go forward to'],
  ['absent', 'held', 'at-source', 'somebody removed it while it was being copied'],
  ['absent', 'unknown', 'ask-again', 'it may run over there'],
  ['absent', 'fenced', 'migrated', 'it went, and died with the destination'],
  ['held', 'running', 'migrated', 'the source never heard that it runs'],
  ['held', 'paused', 'migrated', 'as above'],
  ['held', 'off', 'migrated', 'as above, and its guest has ended since'],
  ['held', 'absent', 'resume-source', 'the copy went before it could run'],
  ['held', 'held', 'resume-source', 'nobody told the copy to run'],
  ['held', 'unknown', 'ask-again', 'it may run over there: the one that must never be guessed'],
  ['held', 'fenced', 'resume-source', 'nothing runs over there'],
  ['running', 'left', 'attention', 'what leaves the destination came there before'],
  ['running', 'arriving', 'attention', 'two copies run'],
  ['running', 'stranded', 'attention', 'as above'],
  ['paused', 'left', 'attention', 'as with one that runs'],
  ['paused', 'arriving', 'attention', 'as above'],
  ['paused', 'stranded', 'attention', 'as above'],
  ['off', 'left', 'attention', 'as above'],
  ['off', 'arriving', 'arriving', 'the last of it came just now, or the source died: that shows'],
  ['off', 'stranded', 'lost', 'the source died with memory that was still to follow'],
  ['absent', 'left', 'attention', 'as with one that is off'],
  ['absent', 'arriving', 'arriving', 'as above'],
  ['absent', 'stranded', 'lost', 'as above'],
  ['held', 'left', 'attention', 'as above'],
  ['held', 'arriving', 'arriving', 'its hypervisor has yet to say that it has left'],
  ['held', 'stranded', 'lost', 'and it broke at once'],
  ['left', 'running', 'migrated', 'all memory came, only the source never heard of it'],
  ['left', 'paused', 'migrated', 'as above, and somebody paused it there'],
  ['left', 'off', 'migrated', 'its guest has ended there'],
  ['left', 'absent', 'lost', 'the copy went with the memory that it had'],
  ['left', 'held', 'lost', 'nobody told the copy to run, and it may not go on here'],
  ['left', 'left', 'attention', 'nothing leaves before all of it has come'],
  ['left', 'arriving', 'arriving', 'post-copy, as it goes'],
  ['left', 'stranded', 'lost', 'the stream broke: an agent, a host or a cable between them'],
  ['left', 'unknown', 'ask-again', 'it may run over there'],
  ['left', 'fenced', 'lost', 'the destination is gone, with memory that only it had'],
  ...(['arriving', 'stranded'] as const).flatMap((source) =>
    SIDES.map((side): [KnownSide, KnownSide, MigrationVerdict, string] => [
      source,
      side,
      side === 'unknown' ? 'ask-again' : 'attention',
      'nothing leaves before all of it has come',
    ]),
  ),
  ['fenced', 'left', 'attention', 'what leaves the destination came there before'],
  ['fenced', 'arriving', 'lost', 'what has not come was in the memory of a dead host, though nobody told the copy yet'],
  ['fenced', 'stranded', 'lost', 'as above'],
  ...SIDES.map((side): [KnownSide, KnownSide, MigrationVerdict, string] => [
    'unknown',
    side,
    'ask-again',
    'the source is silent',
  ]),
  ['fenced', 'running', 'migrated', 'it went before the source died'],
  ['fenced', 'paused', 'migrated', 'as above'],
  ['fenced', 'off', 'migrated', 'as above, and its guest has ended since'],
  ['fenced', 'absent', 'at-source', 'it died with the source'],
  ['fenced', 'held', 'at-source', 'it died with the source before everything was sent'],
  ['fenced', 'unknown', 'ask-again', 'it may run over there'],
  ['fenced', 'fenced', 'at-source', 'it died with both'],
];

describe('where a machine is after an interrupted migration', () => {
  it.each(ROWS)('%s at the source, %s at the destination: %s (%s)', (source, destination, verdict) => {
    expect(judgeMigration(source, destination, { jobs: 'ended', disks: 'stay' })).toBe(verdict);
    expect(judgeMigration(source, destination, { jobs: 'running', disks: 'stay' })).toBe('ask-again');
  });

  it('says something about every pair, once', () => {
    const pairs = ROWS.map(([source, destination]) => `${source}/${destination}`);
    expect(new Set(pairs).size).toBe(SIDES.length ** 2);
    expect(pairs).toHaveLength(SIDES.length ** 2);
  });

  it('never ends or resumes anything that could run twice', () => {
    for (const [source, destination] of ROWS) {
      const verdict = judgeMigration(source, destination, { jobs: 'ended', disks: 'stay' });
      if (source === 'unknown' || destination === 'unknown') expect(verdict).toBe('ask-again');
      if (verdict === 'at-source' || verdict === 'resume-source')
        expect(['off', 'absent', 'held', 'fenced']).toContain(destination);
      if (verdict === 'resume-source') expect(destination).not.toBe('off');
      if (verdict === 'migrated') expect(['off', 'absent', 'held', 'left', 'fenced']).toContain(source);
      // What has left never runs there again; and what may be whole is not given up.
      if (source === 'left') expect(['at-source', 'resume-source']).not.toContain(verdict);
      if (verdict === 'lost') expect(['running', 'paused', 'off', 'unknown']).not.toContain(destination);
    }
  });
});

describe('whose stream has broken', () => {
  it.each(ROWS)('%s at the source, %s at the destination', (source, destination, verdict) => {
    const never = source === 'left' && destination === 'arriving';
    for (const jobs of ['ended', 'running'] as const) {
      const expected = never ? 'lost' : jobs === 'running' ? 'ask-again' : verdict;
      expect(judgeMigration(source, destination, { jobs, disks: 'stay', broken: true })).toBe(expected);
    }
  });
});

/** What is another verdict when disks go along: who was last to write to its own is not known. */
const WITH_DISKS: Readonly<Record<string, MigrationVerdict>> = {
  'off/fenced': 'attention',
  'absent/fenced': 'attention',
  'held/fenced': 'attention',
  'fenced/fenced': 'attention',
  'left/fenced': 'attention',
};

describe('with disks that go along', () => {
  it.each(ROWS)('%s at the source, %s at the destination', (source, destination, verdict) => {
    const expected = WITH_DISKS[`${source}/${destination}`] ?? verdict;
    expect(judgeMigration(source, destination, { jobs: 'ended', disks: 'move' })).toBe(expected);
    expect(judgeMigration(source, destination, { jobs: 'running', disks: 'move' })).toBe('ask-again');
  });
});
