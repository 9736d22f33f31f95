/** Which machines of lost hosts are started next. Pure. */

/** A machine that is to be started elsewhere, and may be now. */
export interface Restartable {
  readonly vmId: string;
  /** More is more important. */
  readonly priority: number;
  readonly memoryMib: number;
}

/** How much is under way, and what else waits. */
export interface RestartLoad {
  /** Starts of this host's machines that are under way. */
  readonly here: number;
  /** The same of all lost hosts. */
  readonly everywhere: number;
  /** The priority of the most important machine that could be started now, of each other lost host that has one. */
  readonly elsewhere: readonly number[];
}

/** How many are started at once. */
export interface RestartLimits {
  readonly here: number;
  readonly everywhere: number;
}

/**
 * The most important first, over all lost hosts; of equally important ones the largest, which finds room the hardest.
 * What is less important elsewhere waits, also where slots are free: room that it took would be missed.
 */
export function chooseRestarts(
  waiting: readonly Restartable[],
  { here, everywhere, elsewhere }: RestartLoad,
  limits: RestartLimits,
): Restartable[] {
  const mostImportantElsewhere = Math.max(...elsewhere, -Infinity);
  const slots = Math.max(0, Math.min(limits.here - here, limits.everywhere - everywhere));
  return waiting
    .filter(({ priority }) => priority >= mostImportantElsewhere)
    .toSorted((a, b) => b.priority - a.priority || b.memoryMib - a.memoryMib || (a.vmId < b.vmId ? -1 : 1))
    .slice(0, slots);
}

const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 60_000;

/** How long after a start that failed the next one is tried. */
export function pauseAfterMs(attempts: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, Math.min(attempts - 1, 10)));
}

const EVERY_MS = 1_000;
/**
 * When many hosts are lost each looks less often, and all of them together about as often as a small cloud can bear. A
 * round of starts asks for many at once: more rounds would only take the time that the starts need.
 */
const PER_HOST_MS = { proof: 20, restart: 250 };

/**
 * After how many milliseconds a lost host is looked at again.
 *
 * @param lostHosts how many are being failed over, this one included
 * @param what for proof, which all others wait for, or for the next starts
 */
export function lookAgainMs(lostHosts: number, what: keyof typeof PER_HOST_MS): number {
  return Math.max(EVERY_MS, PER_HOST_MS[what] * lostHosts);
}

/**
 * After how many milliseconds a lost host goes the next round of starts. While it has the most important of all that
 * wait it takes turns only with others that have one as important: what is less important waits for them.
 *
 * @param left what waits of it
 * @param elsewhere as {@link RestartLoad.elsewhere}
 * @param lostHosts as {@link lookAgainMs}
 */
export function nextRoundMs(
  left: readonly Pick<Restartable, 'priority'>[],
  elsewhere: readonly number[],
  lostHosts: number,
): number {
  const mine = Math.max(...left.map(({ priority }) => priority), -Infinity);
  const isFirst = left.length > 0 && elsewhere.every((priority) => priority <= mine);
  const rivals = elsewhere.filter((priority) => priority === mine).length;
  return lookAgainMs(isFirst ? rivals + 1 : lostHosts, 'restart');
}
