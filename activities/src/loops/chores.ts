import type { Logger } from '@durastack/kit/log/logger';

/** Something that is done again and again. */
export interface Chore {
  readonly name: string;
  readonly everyMs: number;
  run(): Promise<void>;
}

/** Chores that run beside each other and beside whoever kicks them. */
export interface Chores {
  /** Begins each that is due and not under way. */
  kick(): void;
  /** Resolves when none is under way any more. */
  ended(): Promise<void>;
}

/** Makes chores; a failure of one is logged, and it is done again when it is due. */
export function createChores(log: Logger, chores: readonly Chore[]): Chores {
  const under = new Map<Chore, Promise<void>>();
  const begunMs = new Map<Chore, number>();
  const carryOut = async (chore: Chore): Promise<void> => {
    try {
      await chore.run();
    } catch (error) {
      log.warn({ error }, `${chore.name} failed; it is tried again`);
    } finally {
      under.delete(chore);
    }
  };
  return {
    kick() {
      const now = performance.now();
      for (const chore of chores) {
        if (under.has(chore) || now - (begunMs.get(chore) ?? -Infinity) < chore.everyMs) continue;
        begunMs.set(chore, now);
        under.set(chore, carryOut(chore));
      }
    },
    ended: async () => void (await Promise.all(under.values())),
  };
}
