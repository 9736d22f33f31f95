/**
 * How a volume's move stands, and what follows: one table over what is seen on the host. Pure.
 *
 * It is asked after every lost answer, restart and change, so nothing that was remembered decides. While a machine
 * runs, the disk that it writes to is the true one. While none does, the source is, until the definition of the
 * machine's next start names the target *for this very copy*: that is written while both are in step and the machine
 * stands still to go over.
 */

/** What is seen of a copy. */
export interface CopyFacts {
  /** What the running machine writes to; `off` when no process of it runs, or no machine has the volume. */
  readonly active: 'off' | 'source' | 'target' | 'neither';
  /** Whether the machine's definition names the target and was written by this copy. */
  readonly defined: boolean;
  /** The disk's block job. `in-step`: whatever the guest writes goes to both. */
  readonly job: 'none' | 'mirroring' | 'in-step' | 'foreign';
  readonly sourceExists: boolean;
  readonly targetExists: boolean;
}

/**
 * What follows.
 *
 * - `moved`: the target is the disk now
 * - `in-step`: whatever the guest writes goes to both: the machine may go over
 * - `wait`: a mirror is on its way
 * - `mirror`: begin to mirror anew; what lies on the target is worthless
 * - `define-target`, `define-source`: the definition must name the disk that counts
 * - `at-rest`: nobody writes, the source counts; the target may be equal
 * - `copy`: nobody writes, and there is no target
 * - `busy`: another block job is at the disk
 * - `lost`: neither is where it should be
 */
export type CopyVerdict =
  'moved' | 'in-step' | 'wait' | 'mirror' | 'define-target' | 'define-source' | 'at-rest' | 'copy' | 'busy' | 'lost';

/** The table; see the module's head. */
export function judgeCopy(facts: CopyFacts): CopyVerdict {
  switch (facts.active) {
    case 'target':
      return facts.defined ? 'moved' : 'define-target';
    case 'source':
      return ofWritten(facts);
    case 'off':
      return atRest(facts);
    case 'neither':
      return 'lost';
  }
}

function ofWritten({ job, defined }: CopyFacts): CopyVerdict {
  switch (job) {
    case 'foreign':
      return 'busy';
    case 'in-step':
      return 'in-step';
    case 'mirroring':
      return defined ? 'define-source' : 'wait';
    case 'none':
      // It failed after the definition was written: the source alone has been written to since.
      return defined ? 'define-source' : 'mirror';
  }
}

function atRest({ defined, sourceExists, targetExists }: CopyFacts): CopyVerdict {
  if (!targetExists) return sourceExists ? 'copy' : 'lost';
  return defined || !sourceExists ? 'moved' : 'at-rest';
}
