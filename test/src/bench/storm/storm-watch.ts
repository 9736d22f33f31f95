/** What becomes of a storm, from the rows of its operations. */
import { setTimeout as sleep } from 'node:timers/promises';
import { OVERCOMMIT } from '@durastack/contracts/compute/overcommit';
import { DurastackError } from '@durastack/contracts/errors';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import type { DataSource } from 'typeorm';
import type { StormGround, StormVm } from './storm-ground.js';

const LOOK_MS = 500;

/** When a machine's start was asked for, begun and seen to be done; milliseconds since the epoch. */
export interface Restart {
  readonly vmId: string;
  readonly priority: number;
  readonly askedAt: number;
  readonly beganAt: number;
  readonly endedAt: number;
}

/** What is known when all of it is over. */
export interface StormCourse {
  /** When the fencing of each lost host was asked for. */
  readonly declaredAt: readonly number[];
  /** When each machine was seen to be proven dead. */
  readonly provenAt: ReadonlyMap<string, number>;
  readonly restarts: readonly Restart[];
  /** Starts that found no room, or failed. */
  readonly failed: number;
  /** Alerts that were ever raised. */
  readonly alerts: number;
}

/** Follows a storm until every machine of the lost hosts runs elsewhere; `onProgress` is told how many do. */
export async function watchStorm(
  source: DataSource,
  { lostIds, vms }: StormGround,
  { limitMs, onProgress }: { limitMs: number; onProgress: (restarted: number) => Promise<void> },
): Promise<StormCourse> {
  const db = autocommit(source);
  const lost = new Set(lostIds);
  const wanted = new Map(vms.filter(({ hostId }) => lost.has(hostId)).map((vm) => [vm.id, vm]));
  const provenAt = new Map<string, number>();
  const until = Date.now() + limitMs;
  for (;;) {
    const proven = await db.query<{ vmId: string; at: number }>(
      'SELECT vm_id AS vmId, ROUND(UNIX_TIMESTAMP(proven_at) * 1000) AS at FROM lost_machine WHERE proven_at IS NOT NULL',
    );
    for (const { vmId, at } of proven) provenAt.set(vmId, Number(at));
    const [row] = await db.query<{ n: number }>(
      "SELECT COUNT(*) AS n FROM operation WHERE kind = 'failOverVirtualMachine' AND state = 'succeeded'",
    );
    const restarted = Number(row?.n);
    await onProgress(restarted);
    if (restarted >= wanted.size) break;
    if (Date.now() > until)
      throw new DurastackError('TIMEOUT', `${restarted} of ${wanted.size} machines were restarted in time.`);
    await sleep(LOOK_MS);
  }
  return { provenAt, ...(await readCourse(db, wanted)) };
}

async function readCourse(db: Tx, wanted: ReadonlyMap<string, StormVm>): Promise<Omit<StormCourse, 'provenAt'>> {
  const ms = (column: string) => `ROUND(UNIX_TIMESTAMP(${column}) * 1000)`;
  const declared = await db.query<{ at: number }>(
    `SELECT ${ms('created_at')} AS at FROM operation WHERE kind = 'failOverHost'`,
  );
  const starts = await db.query<Record<'vmId' | 'state', string> & Record<'askedAt' | 'beganAt' | 'endedAt', number>>(
    `SELECT resource_id AS vmId, state, ${ms('created_at')} AS askedAt, ${ms('started_at')} AS beganAt, ${ms('ended_at')} AS endedAt
       FROM operation WHERE kind = 'failOverVirtualMachine'`,
  );
  const [alerts] = await db.query<{ n: number }>('SELECT COUNT(*) AS n FROM alert');
  const restarts = starts
    .filter(({ state }) => state === 'succeeded')
    .map(({ vmId, askedAt, beganAt, endedAt }) => ({
      ...{ vmId, priority: wanted.get(vmId)?.priority ?? 0 },
      ...{ askedAt: Number(askedAt), beganAt: Number(beganAt), endedAt: Number(endedAt) },
    }));
  return {
    declaredAt: declared.map(({ at }) => Number(at)),
    restarts,
    failed: starts.length - restarts.length,
    alerts: Number(alerts?.n),
  };
}

/** How many starts were asked for while a more important machine was proven dead and had not been asked for. */
export function countInversions({ restarts, provenAt }: StormCourse): number {
  const asked = restarts.toSorted((a, b) => a.askedAt - b.askedAt);
  return asked.filter(({ priority, askedAt }) =>
    asked.some(
      (other) =>
        other.priority > priority && other.askedAt > askedAt && (provenAt.get(other.vmId) ?? Infinity) < askedAt,
    ),
  ).length;
}

/** The most starts that were under way at one time. */
export function mostAtOnce(restarts: readonly Restart[]): number {
  const steps = restarts
    .flatMap(({ askedAt, endedAt }) => [
      { at: askedAt, by: 1 },
      { at: endedAt, by: -1 },
    ])
    .sort((a, b) => a.at - b.at || a.by - b.by);
  let [now, most] = [0, 0];
  for (const { by } of steps) {
    now += by;
    most = Math.max(most, now);
  }
  return most;
}

/** Hosts whose machines need more than there is, or whose counters are not what is reserved. */
export async function countOversubscribed(source: DataSource): Promise<number> {
  const [row] = await autocommit(source).query<{ n: number }>(
    `SELECT COUNT(*) AS n FROM host h
       LEFT JOIN (SELECT resource_id, SUM(memory_mib) AS memory, SUM(cpu_mhz) AS cpu FROM reservation WHERE resource_type = 'host' GROUP BY resource_id) r
         ON r.resource_id = h.id
       LEFT JOIN (SELECT host_id, SUM(memory_mib) AS memory, SUM(cpu_count * cpu_mhz) AS cpu FROM virtual_machine WHERE host_id IS NOT NULL GROUP BY host_id) v
         ON v.host_id = h.id
      WHERE GREATEST(COALESCE(r.memory, 0), COALESCE(v.memory, 0)) > h.memory_mib - ?
         OR GREATEST(COALESCE(r.cpu, 0), COALESCE(v.cpu, 0)) > h.cpu_count * h.cpu_mhz * ?
         OR COALESCE(r.memory, 0) <> h.memory_mib_reserved OR COALESCE(r.cpu, 0) <> h.cpu_mhz_reserved`,
    [OVERCOMMIT.host.hostMemoryMib, OVERCOMMIT.host.cpuOvercommit],
  );
  return Number(row?.n);
}
