/**
 * Whether QEMU's image locks reach from one host to another and back. Pure.
 *
 * Only this counts: in both directions a QEMU was refused an image that the other host's QEMU had open, and what was
 * refused could be opened once that had let go. By the kind of a file system nothing is concluded: what is called NFS
 * or ext4 may be mounted without locks, and FUSE passes them on to nobody.
 */
import type { VerbResult } from '@durastack/contracts/agent/verbs';

/** What one host found when it was asked for one act. */
export type LockFinding = VerbResult<'probeImageLock'>['finding'];

/** What was found, in the order in which it was asked for. */
export interface LockTrial {
  /** For people. */
  readonly one: string;
  readonly other: string;
  /** `one` holds the image, `other` tries it. */
  readonly oneHolds: LockFinding;
  readonly otherTries: LockFinding;
  /** After `one` has let go: `other` holds it, `one` tries it. */
  readonly otherHolds: LockFinding;
  readonly oneTries: LockFinding;
}

/** What follows. */
export interface LockVerdict {
  readonly isProven: boolean;
  /** For people. */
  readonly detail: string;
}

/** Judges. */
export function judgeLockTrial(trial: LockTrial): LockVerdict {
  const { one, other, oneHolds, otherTries, otherHolds, oneTries } = trial;
  const lacks = (detail: string): LockVerdict => ({ isProven: false, detail });
  if (oneHolds !== 'held') return lacks(`${one} could not open an image that nobody has open`);
  if (otherTries === 'absent') return lacks(`${other} does not see what ${one} writes: it is another directory there`);
  if (otherTries !== 'refused') return lacks(`QEMU of ${other} opened an image that QEMU of ${one} had open`);
  if (otherHolds !== 'held') return lacks(`QEMU of ${other} is refused an image that nobody has open any more`);
  if (oneTries !== 'refused') return lacks(`QEMU of ${one} opened an image that QEMU of ${other} had open`);
  return { isProven: true, detail: `${one} and ${other} were refused what the other one had open` };
}
