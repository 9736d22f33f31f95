/**
 * Of 210 hosts 200 hang: they take calls and never answer. What is asked of the others goes on, and no pool of slots
 * runs out. Latencies are printed, not judged.
 */
import { autocommit } from '@durastack/store/database/transaction';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deployParams, eventually, makeBasis, type Basis } from '../support/basis.js';
import { startCloud, type Cloud } from '../support/cloud.js';

const HEALTHY = 10;
const HUNG = 200;
/** In all more than there are slots. */
const EACH_HUNG = 3;
const SLOTS = 300;
const CALLS_AT_ONCE = 16;
/** One hung host of so many is looked at. */
const SAMPLE = 20;

let cloud: Cloud;
let basis: Basis;
beforeAll(async () => {
  cloud = await startCloud({
    settings: { DURASTACK_OPERATIONS_AT_ONCE: String(SLOTS), DURASTACK_HEARTBEAT_INTERVAL_MS: '5000' },
  });
  basis = await makeBasis(cloud, { hosts: HEALTHY + HUNG });
}, 300_000);
afterAll(() => cloud?.stop());

async function inParallel<T>(items: readonly T[], body: (item: T) => Promise<unknown>): Promise<void> {
  const left = [...items];
  await Promise.all(
    Array.from({ length: CALLS_AT_ONCE }, async () => {
      for (let item = left.pop(); item !== undefined; item = left.pop()) await body(item);
    }),
  );
}

const accept = async (params: Record<string, string>) =>
  String((await cloud.admin.call('deployVirtualMachine', deployParams(basis, params)))['jobid']);

/** Deploys one machine after the other, each where it is said; gives the milliseconds of each, ascending. */
async function deployOn(hostIds: readonly (string | undefined)[]): Promise<number[]> {
  const times: number[] = [];
  for (const hostId of hostIds) {
    const begun = performance.now();
    const job = await cloud.admin.waitForJob(await accept(hostId === undefined ? {} : { hostid: hostId }));
    expect(job.jobstatus).toBe(1);
    times.push(performance.now() - begun);
  }
  return times.sort((a, b) => a - b);
}

const shown = (times: readonly number[]) =>
  `p50 ${Math.round(times[Math.floor(times.length / 2)] ?? 0)} ms, longest ${Math.round(times.at(-1) ?? 0)} ms`;

it('200 hung hosts leave the others as they were', async () => {
  const healthy = basis.hostIds.slice(0, HEALTHY);
  const hung = basis.hostIds.slice(HEALTHY);
  const before = await deployOn(healthy.slice(0, 5));

  const faults: string[] = [];
  for (const hostId of hung) {
    const { id } = await cloud.simulate('POST', '/faults', { hostId, point: 'arrival', action: { kind: 'hold' } });
    faults.push(String(id));
  }
  const stuck: string[] = [];
  await inParallel(
    Array.from({ length: HUNG * EACH_HUNG }, (_, index) => hung[index % HUNG]!),
    async (hostid) => stuck.push(await accept({ hostid })),
  );
  const holding = async () => {
    const looked = faults.filter((_, index) => index % SAMPLE === 0);
    for (const id of looked) if (Number((await cloud.simulate('GET', `/faults/${id}`))['held']) === 0) return false;
    return true;
  };
  await eventually('hung hosts hold calls', holding, 120_000);

  const during = await deployOn(healthy.slice(0, 5));
  const anywhere = await deployOn(healthy.slice(0, 5).map(() => undefined));
  process.stdout.write(
    `deploys on healthy hosts: before ${shown(before)}; while ${HUNG} hang ${shown(during)}; anywhere ${shown(anywhere)}\n`,
  );

  const [open] = await autocommit(cloud.database.source).query<{ n: number; running: number }>(
    "SELECT COUNT(*) AS n, SUM(state = 'running') AS running FROM operation WHERE id IN (?) AND state IN ('queued', 'granted', 'running')",
    [stuck],
  );
  process.stdout.write(`on hung hosts ${open?.n} of ${stuck.length} operations are open, ${open?.running} running\n`);
  expect(Number(open?.n)).toBe(HUNG * EACH_HUNG);
}, 300_000);
