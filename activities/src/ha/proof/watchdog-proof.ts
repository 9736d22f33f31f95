/**
 * Proof by a hardware watchdog: it was armed at the host's last heartbeat, and since then the host's lease, the
 * watchdog's period and a margin have passed, by this worker's own monotonic clock.
 *
 * The clock of a silent host starts when this worker first looks at its last heartbeat, later than that came; a worker
 * that is started anew starts it anew, and another worker has one of its own. A heartbeat is answered only when it is
 * written, so the host's lease never reaches beyond the last one that is known here.
 */
import { inStep } from '@durastack/store/operations/run';
import type { ActivityDependencies } from '../../dependencies.js';
import type { ProofStrategy } from './proof-strategy.js';

/** For what takes its time between the hardware and a dead host. */
const MARGIN_MS = 5_000;
/** How far two clocks may run apart, as a share of what is measured. */
const DRIFT = 0.01;
/** Of more hosts than this nothing is remembered: the oldest go. */
const REMEMBERED = 10_000;

/** For how long each host's last heartbeat has been the last one, as seen by this process. */
export class SilenceClock {
  private readonly since = new Map<string, { readonly heardAt: string; readonly atMs: number }>();

  /** @param now the monotonic clock, in milliseconds */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Milliseconds since this heartbeat of the host was first looked at. */
  elapsedMs(hostId: string, heardAt: string): number {
    const known = this.since.get(hostId);
    if (known?.heardAt === heardAt) return this.now() - known.atMs;
    this.since.delete(hostId);
    this.since.set(hostId, { heardAt, atMs: this.now() });
    for (const oldest of this.since.keys()) {
      if (this.since.size <= REMEMBERED) break;
      this.since.delete(oldest);
    }
    return 0;
  }
}

/** One for all operations of this process. */
const processClock = new SilenceClock();

interface Row {
  readonly heardAt: string | null;
  readonly periodMs: number | null;
  readonly leaseMs: number | null;
}

/** Makes the strategy. */
export function createWatchdogProof(
  { source }: Pick<ActivityDependencies, 'source'>,
  clock = processClock,
): ProofStrategy {
  return {
    async gather({ id }, step) {
      const [row] = await inStep(source, step, (tx) =>
        tx.query<Row>(
          'SELECT CAST(last_heartbeat_at AS CHAR) AS heardAt, watchdog_period_ms AS periodMs, watchdog_lease_ms AS leaseMs FROM host WHERE id = ?',
          [id],
        ),
      );
      const { heardAt = null, periodMs = null, leaseMs = null } = row ?? {};
      if (heardAt === null || periodMs === null || leaseMs === null) return {};
      const expiredForMs = clock.elapsedMs(id, heardAt) - leaseMs;
      const marginMs = MARGIN_MS + DRIFT * (leaseMs + periodMs);
      return { watchdog: { isHardware: true, periodMs, marginMs, expiredForMs } };
    },
    release: async () => undefined,
  };
}
