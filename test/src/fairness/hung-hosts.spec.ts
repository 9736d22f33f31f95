/**
 * Of 210 hosts 200 hang: they take calls and never answer. What is asked of the others goes on, no pool of slots runs
 * out, and a host that answers again goes on with what waits for it. Times and CPU are printed, not judged.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
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
/** Hosts that have been called for so long without an answer are known to be silent: no machine is placed there any more. */
const KNOWN_SILENT_MS = 8_000;
/** So many of them answer again in the end. */
const WOKEN = 10;
const STEADY_MS = 10_000;
/** A loaded machine needs many times what an idle one does. */
const LIMIT_MS = 600_000;

let cloud: Cloud;
let basis: Basis;
beforeAll(async () => {
  cloud = await startCloud({
    settings: { DURASTACK_OPERATIONS_AT_ONCE: String(SLOTS), DURASTACK_HEARTBEAT_INTERVAL_MS: '5000' },
  });
  basis = await makeBasis(cloud, { hosts: HEALTHY + HUNG });
}, LIMIT_MS);
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

const TICKS_PER_SECOND = 100;
const PARTS = ['worker', 'temporal', 'api', 'agent'] as const;

/** CPU seconds that each part has used so far. */
const cpuSeconds = () =>
  PARTS.map((part) => {
    const stat = readFileSync(`/proc/${cloud[part].pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  });

const started = performance.now();
let phaseBegan = { atMs: started, cpu: [0, 0, 0, 0] };
/** Prints how long a phase took, and how busy each part was meanwhile. */
function phase(name: string): void {
  const [atMs, cpu] = [performance.now(), cpuSeconds()];
  const seconds = (atMs - phaseBegan.atMs) / 1_000;
  const busy = PARTS.map((part, at) => `${part} ${Math.round(((cpu[at]! - phaseBegan.cpu[at]!) / seconds) * 100)} %`);
  process.stdout.write(`${name}: ${seconds.toFixed(1)} s; ${busy.join(', ')}\n`);
  phaseBegan = { atMs, cpu };
}

const shown = (times: readonly number[]) =>
  `p50 ${Math.round(times[Math.floor(times.length / 2)] ?? 0)} ms, longest ${Math.round(times.at(-1) ?? 0)} ms`;

it(
  '200 hung hosts leave the others as they were',
  async () => {
    const healthy = basis.hostIds.slice(0, HEALTHY);
    const hung = basis.hostIds.slice(HEALTHY);
    const before = await deployOn(healthy.slice(0, 5));

    phase('enrolment and first deploys');
    const faults: string[] = [];
    for (const hostId of hung) {
      const { id } = await cloud.simulate('POST', '/faults', { hostId, point: 'arrival', action: { kind: 'hold' } });
      faults.push(String(id));
    }
    const stuck: { readonly id: string; readonly hostid: string }[] = [];
    await inParallel(
      Array.from({ length: HUNG * EACH_HUNG }, (_, index) => hung[index % HUNG]!),
      async (hostid) => stuck.push({ id: await accept({ hostid }), hostid }),
    );
    phase('hanging hosts, accepting operations for them');
    const holding = async () => {
      for (const id of faults) if (Number((await cloud.simulate('GET', `/faults/${id}`))['held']) === 0) return false;
      return true;
    };
    await eventually('hung hosts hold calls', holding, LIMIT_MS);
    phase('until they hold calls');
    const during = await deployOn(healthy.slice(0, 5));
    phase('deploys on healthy hosts');
    await sleep(KNOWN_SILENT_MS);
    phase('until they are known to be silent');
    const anywhere = await deployOn(healthy.slice(0, 5).map(() => undefined));
    process.stdout.write(
      `deploys on healthy hosts: before ${shown(before)}; while ${HUNG} hang ${shown(during)}; anywhere ${shown(anywhere)}\n`,
    );

    phase('deploys anywhere');
    await sleep(STEADY_MS);
    phase('steady');

    const [open] = await autocommit(cloud.database.source).query<{ n: number; running: number }>(
      "SELECT COUNT(*) AS n, SUM(state = 'running') AS running FROM operation WHERE id IN (?) AND state IN ('queued', 'granted', 'running')",
      [stuck.map(({ id }) => id)],
    );
    process.stdout.write(`on hung hosts ${open?.n} of ${stuck.length} operations are open, ${open?.running} running\n`);
    expect(Number(open?.n)).toBe(HUNG * EACH_HUNG);

    const woken = hung.slice(0, WOKEN);
    for (const fault of faults.slice(0, WOKEN)) await cloud.simulate('DELETE', `/faults/${fault}`);
    const jobs = stuck.filter(({ hostid }) => woken.includes(hostid)).map(({ id }) => cloud.admin.waitForJob(id));
    expect(new Set((await Promise.all(jobs)).map(({ jobstatus }) => jobstatus))).toEqual(new Set([1]));
    phase(`until all is done on ${WOKEN} hosts that answer again`);
  },
  LIMIT_MS,
);
