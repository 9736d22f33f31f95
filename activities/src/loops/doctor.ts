/**
 * The scheduled check of the doctor: in every worker, of which the one with the lease looks. What it finds is
 * written down, and raises an alert when it is found twice.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@durastack/kit/log/logger';
import { transaction } from '@durastack/store/database/transaction';
import { checkIsDue, databaseNow, recordCheck } from '@durastack/store/doctor/checks';
import { holdLease, releaseLease } from '@durastack/store/operations/lease';
import type { DataSource } from 'typeorm';
import { examineAll, type DoctorDependencies } from '../doctor/diagnose.js';

const LEASE = { name: 'doctor', ttlMs: 30_000 } as const;
const LOOK_EVERY_MS = 2_000;
const RENEW_EVERY_MS = 10_000;
/** Of a check's duration: in a large cloud it takes at most a fifth of the time. */
const REST_FACTOR = 4;

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

/** A running loop. */
export interface DoctorLoop {
  /** Somebody asked for a check: look now. */
  hint(): void;
  /** Ends it after its present round. */
  stop(): Promise<void>;
}

/** Starts the loop. */
export function startDoctorLoop(options: DoctorLoopOptions): DoctorLoop {
  const { source, log, holder } = options;
  const stopping = new AbortController();
  let wake = new AbortController();
  let intervalMs = options.intervalMs;
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        if ((await hold(options)) && (await transaction(source, (tx) => checkIsDue(tx, intervalMs)))) {
          const durationMs = await check(options);
          intervalMs = Math.max(options.intervalMs, durationMs * REST_FACTOR);
        }
      } catch (error) {
        log.warn({ error }, 'the doctor could not look; it tries again');
      }
      wake = new AbortController();
      const either = AbortSignal.any([stopping.signal, wake.signal]);
      await sleep(LOOK_EVERY_MS, undefined, { signal: either }).catch(() => undefined);
    }
    await giveBack(source, holder).catch((error: unknown) =>
      log.warn({ error }, "the doctor's lease was not given back; it expires"),
    );
  };
  const running = loop();
  return {
    hint: () => wake.abort(),
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

const hold = ({ source, holder, hintUrl }: DoctorLoopOptions): Promise<boolean> =>
  transaction(source, (tx) => holdLease(tx, { ...LEASE, holder, ...(hintUrl === undefined ? {} : { hintUrl }) }));

const giveBack = (source: DataSource, holder: string): Promise<void> =>
  transaction(source, (tx) => releaseLease(tx, LEASE.name, holder));

/** One check, with the lease kept. @returns how long it took, in milliseconds */
async function check(options: DoctorLoopOptions): Promise<number> {
  const { source, log } = options;
  const checkedAt = await transaction(source, databaseNow);
  const began = performance.now();
  const keeping = setInterval(() => void hold(options).catch(() => undefined), RENEW_EVERY_MS);
  try {
    const { findings, hosts, comparedTemporal } = await examineAll(options);
    const durationMs = Math.round(performance.now() - began);
    const { raised, cleared } = await recordCheck(source, findings, { checkedAt, durationMs, hosts, comparedTemporal });
    if (raised > 0 || cleared > 0) log.warn({ findings: findings.length, raised, cleared }, 'alerts have changed');
    return durationMs;
  } finally {
    clearInterval(keeping);
  }
}
