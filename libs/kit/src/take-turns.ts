/** What can be done by few at a time only is done in turns, in the order in which it was asked for. */

/** How turns are given. */
export interface TurnOptions {
  /** How many have one at the same time. */
  readonly atOnce: number;
  /** Whoever has not ended by then, in milliseconds, goes on, but keeps no other waiting. */
  readonly turnMs: number;
}

/** Begins something. @param end to be called when it has ended; once is enough */
export type Begin = (end: () => void) => void;

/** @returns what gives turns: it begins what it is given, now or later; nothing that is given may throw */
export function takeTurns({ atOnce, turnMs }: TurnOptions): (begin: Begin) => void {
  const waiting: Begin[] = [];
  let turns = 0;
  let isGiving = false;
  const next = (): void => {
    // What ends within its beginning is followed by the loop that began it, or thousands would be a deep recursion.
    if (isGiving) return;
    isGiving = true;
    while (turns < atOnce && waiting.length > 0) {
      turns += 1;
      waiting.shift()?.(turn());
    }
    isGiving = false;
  };
  const turn = (): (() => void) => {
    let isOver = false;
    const end = (): void => {
      clearTimeout(timer);
      if (isOver) return;
      isOver = true;
      turns -= 1;
      next();
    };
    const timer = setTimeout(end, turnMs);
    return end;
  };
  return (begin) => {
    waiting.push(begin);
    next();
  };
}
