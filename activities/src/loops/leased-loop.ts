/** A loop in every worker, of which the one with the lease acts. */
import type { Logger } from '@durastack/kit/log/logger';
import { transaction } from '@durastack/store/database/transaction';
import { holdLease, releaseLease } from '@durastack/store/operations/lease';
import type { DataSource } from 'typeorm';

/** Takes or keeps the lease. @returns whether this worker has it */
export type HoldLease = () => Promise<boolean>;

/** How a loop goes. */
export interface LeasedLoopOptions {
  readonly source: DataSource;
  readonly log: Logger;
  /** For the log: `the dispatcher`. */
  readonly name: string;
  readonly lease: { readonly name: string; readonly ttlMs: number };
  /** This worker's name, unique among workers. */
  readonly holder: string;
  /** Where other processes can wake this loop. */
  readonly hintUrl?: string;
  /** Milliseconds between two rounds. */
  readonly everyMs: number;
  /**
   * What is done while this worker has the lease, which is kept as long as it takes; a failure is logged, and the next
   * round tries again.
   *
   * @param hold says whether this worker has the lease still
   */
  round(hold: HoldLease): Promise<void>;
  /** What has to end before the lease is given back. */
  ended?(): Promise<void>;
}

/** A running loop. */
export interface LeasedLoop {
  /** There is something to do: look now. */
  hint(): void;
  /** Ends it after its present round and gives the lease back. */
  stop(): Promise<void>;
}

/** Starts the loop. */
export function startLeasedLoop(options: LeasedLoopOptions): LeasedLoop {
  const { source, log, name, holder, everyMs } = options;
  const lease = { ...options.lease, holder, ...(options.hintUrl === undefined ? {} : { hintUrl: options.hintUrl }) };
  const hold: HoldLease = () => transaction(source, (tx) => holdLease(tx, lease));
  let stopping = false;
  let hinted = false;
  let wake = () => {};

  const rest = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, everyMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const loop = (async () => {
    while (!stopping) {
      hinted = false;
      try {
        if (await hold()) await keeping(hold, lease.ttlMs, () => options.round(hold));
      } catch (error) {
        log.warn({ error }, `a round of ${name} failed; the next one tries again`);
      }
      if (!hinted && !stopping) await rest();
    }
    await options.ended?.();
    await transaction(source, (tx) => releaseLease(tx, lease.name, holder)).catch((error: unknown) =>
      log.warn({ error }, `the lease of ${name} was not given back; it expires`),
    );
  })();

  return {
    hint() {
      hinted = true;
      wake();
    },
    async stop() {
      stopping = true;
      wake();
      await loop;
    },
  };
}

/** Keeps the lease during a round that is longer than it lasts, so that no other worker begins one meanwhile. */
async function keeping(hold: HoldLease, ttlMs: number, round: () => Promise<void>): Promise<void> {
  let under: Promise<unknown> | undefined;
  const timer = setInterval(() => {
    // What keeps it from being held keeps the next round from beginning, which says so.
    under ??= hold()
      .catch(() => undefined)
      .finally(() => {
        under = undefined;
      });
  }, ttlMs / 3);
  try {
    await round();
  } finally {
    clearInterval(timer);
    await under;
  }
}
