/**
 * Where a machine is after its migration was interrupted. Pure, and one table.
 *
 * Asked are both hosts, after their agents have ended what they were doing, so that nothing moves any more. What keeps a
 * machine from running twice: the source lets go only after the destination said that it runs there, and a copy at the
 * destination never runs before the source said that everything was sent. So a copy that is held never ran, and may go;
 * a machine that is held at the source may run at the destination, and goes on only when it certainly does not.
 *
 * By post-copy its memory is on neither side whole once that has begun: what has left never goes on at the source, and
 * while it is arriving nothing is ended.
 */
import type { MigrationSide } from '@durastack/contracts/agent/migration';

/**
 * One side, as far as it is known: what its host says; `unknown` while it does not answer; `fenced` when it was declared
 * dead or removed, so that nothing runs there.
 */
export type KnownSide = MigrationSide | 'unknown' | 'fenced';

/**
 * - `at-source`: it is there, as it is; whatever is at the destination never ran, and goes
 * - `resume-source`: the same, after what is held there was let go on
 * - `migrated`: it is at the destination; what is left at the source goes
 * - `arriving`: it runs at the destination and its memory is following; asked again
 * - `lost`: by post-copy it went, and the rest of its memory cannot follow: what is left on either side goes
 * - `ask-again`: somebody cannot say; nothing is done
 * - `attention`: this cannot come about by a migration; a person looks before anything is ended
 */
export type MigrationVerdict =
  'at-source' | 'resume-source' | 'migrated' | 'arriving' | 'lost' | 'ask-again' | 'attention';

type Row = Readonly<Record<KnownSide, MigrationVerdict>>;

const ASK: Row = {
  running: 'ask-again',
  paused: 'ask-again',
  off: 'ask-again',
  absent: 'ask-again',
  held: 'ask-again',
  left: 'ask-again',
  arriving: 'ask-again',
  stranded: 'ask-again',
  unknown: 'ask-again',
  fenced: 'ask-again',
};

/** No machine leaves by a migration before all of it has come by the last one. */
const CANNOT_LEAVE: Row = {
  running: 'attention',
  paused: 'attention',
  off: 'attention',
  absent: 'attention',
  held: 'attention',
  left: 'attention',
  arriving: 'attention',
  stranded: 'attention',
  unknown: 'ask-again',
  fenced: 'attention',
};

/** It lives at the source, and never stood still for the migration. */
const ALIVE_AT_SOURCE: Row = {
  running: 'attention',
  paused: 'attention',
  off: 'at-source',
  absent: 'at-source',
  held: 'at-source',
  left: 'attention',
  arriving: 'attention',
  stranded: 'attention',
  unknown: 'ask-again',
  fenced: 'at-source',
};

/** Nothing lives at the source: it left, or it stopped by itself. */
const ENDED_AT_SOURCE: Row = {
  running: 'migrated',
  paused: 'migrated',
  // Its guest may have ended there by now.
  off: 'migrated',
  absent: 'at-source',
  // It stopped before everything was sent: what came is no machine.
  held: 'at-source',
  left: 'attention',
  // All of it may have come just now; if not, that shows.
  arriving: 'arriving',
  stranded: 'lost',
  unknown: 'ask-again',
  fenced: 'migrated',
};

/** By the source's side, then the destination's. */
export const MIGRATION_TABLE: Readonly<Record<KnownSide, Row>> = {
  running: ALIVE_AT_SOURCE,
  paused: ALIVE_AT_SOURCE,
  off: ENDED_AT_SOURCE,
  absent: ENDED_AT_SOURCE,
  held: {
    running: 'migrated',
    paused: 'migrated',
    // It ran there, and its guest has ended since.
    off: 'migrated',
    absent: 'resume-source',
    held: 'resume-source',
    left: 'attention',
    // The source has yet to say that it has left.
    arriving: 'arriving',
    stranded: 'lost',
    unknown: 'ask-again',
    fenced: 'resume-source',
  },
  left: {
    running: 'migrated',
    paused: 'migrated',
    // Its guest has ended there.
    off: 'migrated',
    absent: 'lost',
    // Nobody told the copy to run, and what is here may not go on: it has begun to give its memory away.
    held: 'lost',
    left: 'attention',
    arriving: 'arriving',
    stranded: 'lost',
    unknown: 'ask-again',
    fenced: 'lost',
  },
  arriving: CANNOT_LEAVE,
  stranded: CANNOT_LEAVE,
  unknown: ASK,
  fenced: {
    running: 'migrated',
    paused: 'migrated',
    off: 'migrated',
    absent: 'at-source',
    held: 'at-source',
    left: 'attention',
    // What has not come by now was in the memory of a host that is dead.
    arriving: 'lost',
    stranded: 'lost',
    unknown: 'ask-again',
    fenced: 'at-source',
  },
};

/** Sides that do not tell whether the machine ran at a destination that is gone, and wrote to its disks there. */
const MAY_HAVE_LEFT: ReadonlySet<KnownSide> = new Set(['off', 'absent', 'held', 'left', 'fenced']);

/** What is looked at besides the two sides. */
export interface MigrationCircumstances {
  /** Whether both agents have ended what they were doing; while one has not, anything may still change. */
  readonly jobs: 'ended' | 'running';
  /**
   * `move`: some go along, so that each side has its own. When the destination is gone, which of them was written to last
   * is for a person to see: neither may be removed, and neither be written to.
   */
  readonly disks: 'stay' | 'move';
  /**
   * The source's hypervisor says that the stream of a post-copy broke, with memory that had not gone. Then the copy never
   * comes to an end: it may stand still on a page that nobody sends, and with it its hypervisor, which does not say so.
   */
  readonly broken?: boolean;
}

/** Concludes. */
export function judgeMigration(
  source: KnownSide,
  destination: KnownSide,
  { jobs, disks, broken = false }: MigrationCircumstances,
): MigrationVerdict {
  if (broken && source === 'left' && destination === 'arriving') return 'lost';
  if (jobs === 'running') return 'ask-again';
  if (disks === 'move' && destination === 'fenced' && MAY_HAVE_LEFT.has(source)) return 'attention';
  return MIGRATION_TABLE[source][destination];
}
