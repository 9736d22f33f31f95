import { DurastackError } from '@durastack/contracts/errors';

/** Failures that are forgiven, per name and per address, before the waiting begins. */
const FREE_FAILURES = { name: 5, address: 20 } as const;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;
const FORGET_MS = 15 * 60_000;
const MAX_ENTRIES = 50_000;

interface Failures {
  count: number;
  /** No attempt before this. */
  until: number;
  seen: number;
}

/**
 * Slows down guessing of passwords, by user name and by client address: after some failures every further one
 * doubles the wait. Kept in memory of each API process: a restart forgets, several processes each count their own.
 */
export class LoginThrottle {
  private readonly failures = new Map<string, Failures>();

  constructor(private readonly now: () => number = Date.now) {}

  /** @throws DurastackError TOO_MANY_REQUESTS while the name or the address has to wait */
  check(name: string, address: string): void {
    for (const key of [`name:${name}`, `address:${address}`]) {
      const wait = (this.failures.get(key)?.until ?? 0) - this.now();
      if (wait > 0) {
        throw new DurastackError(
          'TOO_MANY_REQUESTS',
          `Too many failed logins; try again in ${Math.ceil(wait / 1000)} s.`,
          {
            details: { retryAfterMs: wait },
          },
        );
      }
    }
  }

  /** Records a failure. */
  failed(name: string, address: string): void {
    this.record(`name:${name}`, FREE_FAILURES.name);
    this.record(`address:${address}`, FREE_FAILURES.address);
  }

  /** A good login clears the name, not the address: that one may be guessing at others. */
  succeeded(name: string): void {
    this.failures.delete(`name:${name}`);
  }

  private record(key: string, free: number): void {
    const now = this.now();
    const known = this.failures.get(key);
    const count = known && now - known.seen < FORGET_MS ? known.count + 1 : 1;
    const wait = count < free ? 0 : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (count - free));
    // Re-inserting keeps the map in order of use, so that the oldest can be dropped.
    this.failures.delete(key);
    this.failures.set(key, { count, until: now + wait, seen: now });
    if (this.failures.size > MAX_ENTRIES) {
      const oldest = this.failures.keys().next().value;
      if (oldest !== undefined) this.failures.delete(oldest);
    }
  }
}
