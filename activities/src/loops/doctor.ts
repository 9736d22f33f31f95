/**
 * The scheduled check of the doctor: in every worker, of which the one with the lease looks. What it finds is
 * written down, and raises an alert when it is found twice.
 */
import type { Logger } from '@durastack/kit/log/logger';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { checkIsDue, databaseNow, recordCheck } from '@durastack/store/doctor/checks';
import { isRestarting } from '@durastack/store/ha/lost-machines';
import { examineAll, type DoctorDependencies } from '../doctor/diagnose.js';
import { findFlapping } from '../ha/flapping.js';
import { findShortages } from '../ha/shortages.js';
import { startLeasedLoop, type LeasedLoop } from './leased-loop.js';

const LEASE = { name: 'doctor', ttlMs: 30_000 } as const;
const LOOK_EVERY_MS = 2_000;
/** Of a check's duration: in a large cloud it takes at most a fifth of the time. */
const REST_FACTOR = 4;
/** For so long at the most a check waits for machines of lost hosts, which need what it would take. */
const PATIENCE_MS = 10 * 60_000;
/** How often a check asks whether there are any. */
const GIVE_WAY_MS = 1_000;

/** What the loop works with. */
export interface DoctorLoopOptions extends DoctorDependencies {
  readonly log: Logger;
  /** This worker's name, unique among workers. */
  readonly holder: string;
  /** Where other processes can wake this loop. */
  readonly hintUrl?: string;
  /** Milliseconds from one check to the next. */
  readonly intervalMs: number;
}

/** Starts the loop. */
export function startDoctorLoop(options: DoctorLoopOptions): LeasedLoop {
  let { intervalMs } = options;
  return startLeasedLoop({
    ...options,
    name: 'the doctor',
    lease: LEASE,
    everyMs: LOOK_EVERY_MS,
    async round() {
      const db = autocommit(options.source);
      const waits = await isRestarting(db);
      if (!(await checkIsDue(db, intervalMs + (waits ? PATIENCE_MS : 0)))) return;
      const durationMs = await check(waits ? options : { ...options, goOn: giveWay(db) }).catch((error: unknown) => {
        if (!isDurastackError(error, 'CANCELLED')) throw error;
        options.log.info({ error }, 'the check was given up, and is made later');
      });
      if (durationMs !== undefined) intervalMs = Math.max(options.intervalMs, durationMs * REST_FACTOR);
    },
  });
}

/** Gives a check up when hosts are lost in the middle of it. */
function giveWay(db: Tx): () => Promise<void> {
  let askedMs = -Infinity;
  return async () => {
    if (performance.now() - askedMs < GIVE_WAY_MS) return;
    askedMs = performance.now();
    if (await isRestarting(db))
      throw new DurastackError('CANCELLED', 'Hosts are lost: starting their machines elsewhere comes first.');
  };
}

/** One check. @returns how long it took, in milliseconds */
async function check(options: DoctorLoopOptions): Promise<number> {
  const { source, log } = options;
  const checkedAt = await databaseNow(autocommit(source));
  const began = performance.now();
  const { findings, hosts, comparedTemporal } = await examineAll(options);
  const durationMs = Math.round(performance.now() - began);
  const seen = { checkedAt, durationMs, hosts, comparedTemporal };
  const db = autocommit(source);
  const others = [...(await findShortages(db)), ...(await findFlapping(db))];
  const { raised, cleared } = await recordCheck(source, findings, seen, others);
  if (raised > 0 || cleared > 0) log.warn({ findings: findings.length, raised, cleared }, 'alerts have changed');
  return durationMs;
}
