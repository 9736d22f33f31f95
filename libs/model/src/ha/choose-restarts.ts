/** Which machines of lost hosts are started next. Pure. */

/** A machine that is to be started elsewhere, and may be now. */
export interface Restartable {
  readonly vmId: string;
  /** What fails its host over. */
  readonly operationId: string;
  /** More is more important. */
  readonly priority: number;
  readonly memoryMib: number;
}

/** How many are started at once: of one lost host, and of all. */
export interface RestartLimits {
  readonly ofOne: number;
  readonly ofAll: number;
}

/** The part of an id that has nothing to do with when it was made: machines that were made together lie together. */
const CHANCE_CHARACTERS = 12;

/**
 * The most important first, over all lost hosts; of equally important ones the largest, which finds room the hardest.
 * What comes next after that lies in different clusters, by chance: starts in one would wait for each other.
 *
 * @param underWay how many starts are under way, by the operation that asked for them
 */
export function chooseRestarts<M extends Restartable>(
  waiting: readonly M[],
  underWay: ReadonlyMap<string, number>,
  { ofOne, ofAll }: RestartLimits,
): M[] {
  const counts = new Map(underWay);
  let left = ofAll - [...counts.values()].reduce((sum, count) => sum + count, 0);
  const ordered = waiting.toSorted(
    (a, b) => b.priority - a.priority || b.memoryMib - a.memoryMib || (chanceOf(a) < chanceOf(b) ? -1 : 1),
  );
  return ordered.filter(({ operationId }) => {
    const count = counts.get(operationId) ?? 0;
    if (left <= 0 || count >= ofOne) return false;
    counts.set(operationId, count + 1);
    left -= 1;
    return true;
  });
}

const chanceOf = ({ vmId }: Restartable): string => vmId.slice(-CHANCE_CHARACTERS);

const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 60_000;

/** How long after a start that failed the next one is tried. */
export function pauseAfterMs(attempts: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, Math.min(attempts - 1, 10)));
}

const EVERY_MS = 1_000;
/**
 * When many hosts are lost each looks less often, and all of them together about as often as a small cloud can bear. A
 * round of starts asks for many at once, of all hosts: more rounds would only take the time that the starts need. Whoever
 * waits for starts alone is told when there is something to do (loops/news-of-starts.ts).
 */
const PER_HOST_MS = { proof: 20, trouble: 250, starts: 2_000 };
/** None is forgotten, however many are lost. */
const MOST_MS = 240_000;

/** What a lost host waits for: proof, which all others wait for; the end of some trouble; or only starts. */
export type LookFor = keyof typeof PER_HOST_MS;

/**
 * After how many milliseconds a lost host is looked at again; hosts that were lost together not all together.
 *
 * @param lostHosts how many are being failed over, this one included
 * @param chance of 0 to 1
 */
export function lookAgainMs(lostHosts: number, what: LookFor, chance: number): number {
  const wantedMs = Math.min(MOST_MS, PER_HOST_MS[what] * lostHosts);
  return Math.max(EVERY_MS, Math.round(wantedMs * (0.5 + chance)));
}
