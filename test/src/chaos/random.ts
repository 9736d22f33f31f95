/** Numbers from a seed: the same seed gives the same numbers on every machine. */

/** A source of numbers. */
export interface Random {
  /** From 0 up to, but without, 1. */
  next(): number;
  /** A whole number from `least` to `most`, both included. */
  int(least: number, most: number): number;
  /** Whether something of this probability comes true. */
  chance(probability: number): boolean;
  /** One of them; each weighs as much as it says. */
  pick<T>(choices: readonly (readonly [weight: number, choice: T])[]): T;
  /** A source of its own, so that what one part draws does not change what another one gets. */
  fork(): Random;
}

/** Mulberry32: 32 bits of state, plenty for schedules. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
  return {
    next,
    int,
    chance: (probability) => next() < probability,
    pick(choices) {
      const total = choices.reduce((sum, [weight]) => sum + weight, 0);
      let left = next() * total;
      for (const [weight, choice] of choices) {
        left -= weight;
        if (left < 0) return choice;
      }
      return choices[choices.length - 1]![1];
    },
    fork: () => seededRandom(int(0, 2 ** 32 - 1)),
  };
}
