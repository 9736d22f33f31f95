/** Many of thousands of simulated hosts die at once; worker and API are killed meanwhile. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DurastackError } from '@durastack/contracts/errors';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { connectAgents } from '../../chaos/agents.js';
import { findInconsistencies, readInventories, readUnderWay } from '../../support/consistency.js';
import { startBenchCloud, type BenchCloud } from '../bench-cloud.js';
import { quantile, type CaseReport, type Figure } from '../report.js';
import type { Scenario, ScenarioOptions } from '../scenario.js';
import { enableHa, makeStormGround, type StormGround, type StormPlan } from '../storm/storm-ground.js';
import {
  countInversions,
  countOversubscribed,
  mostAtOnce,
  watchStorm,
  type StormCourse,
} from '../storm/storm-watch.js';
import { UsageMeter } from '../storm/usage-meter.js';

const ALL_RESTARTED = { atMost: 300 };
const NONE = { atMost: 0 };
/** Heartbeats every 5 s up to so many hosts, beyond that every 15 s; see docs/resilience.md. */
const MANY_HOSTS = 200;
const LIMIT_MS = 15 * 60_000;
/** Calls to the simulator at the same time. */
const SWITCHED_AT_ONCE = 25;
/** The part of the machines after which worker and API are killed. */
const KILLED_AFTER = 1 / 4;
const IDLE_MS = 20_000;
const LOOK_MS = 500;

/** See the module's head. */
export const scenario: Scenario = {
  name: 'ha-storm',
  summary: '200 of 5,000 simulated hosts with 10 HA machines each die at once; worker and API are killed meanwhile',
  async run(options) {
    options.onCase(await measure(planOf(options), options.tiny === true));
  },
};

function planOf({ hosts = 5_000, lost = 200, vmsPerHost = 10, heartbeatMs, tiny }: ScenarioOptions): StormPlan {
  if (tiny) return { hosts: 40, lost: 4, vmsPerHost: 5, intervalMs: 1_000 };
  if (lost * 2 > hosts)
    throw new DurastackError('INVALID_INPUT', `${lost} of ${hosts} hosts is more than half: give more --hosts.`);
  return { hosts, lost, vmsPerHost, intervalMs: heartbeatMs ?? (hosts > MANY_HOSTS ? 15_000 : 5_000) };
}

async function measure(plan: StormPlan, tiny: boolean): Promise<CaseReport> {
  const settings = { DURASTACK_HEARTBEAT_INTERVAL_MS: String(plan.intervalMs) };
  const cloud = await startBenchCloud({ hosts: 1, settings });
  try {
    const ground = await makeStormGround(cloud, plan);
    const idle = await rest(cloud, ground, tiny ? 1_000 : IDLE_MS);
    const storm = await blow(cloud, ground);
    const { course } = storm;
    const oversubscribed = await countOversubscribed(cloud.database.source);
    const takenBackMs = await takeBack(cloud, ground);
    const { findings, twice } = await judge(cloud, ground);
    const restarted = course.restarts.length;
    return {
      scenario: 'ha-storm',
      title: `${plan.lost} of ${plan.hosts} hosts with ${plan.vmsPerHost} machines each`,
      figures: [
        ...idle,
        ...courseFigures(storm),
        { name: 'hosts oversubscribed', value: oversubscribed, unit: '', goal: NONE },
        { name: 'machines twice', value: twice, unit: '', goal: NONE },
        { name: 'all lost hosts used again', value: takenBackMs / 1_000, unit: 's' },
      ],
      counts: { lost: ground.lostIds.length, restarted, oversubscribed, twice, findings: findings.length },
      notes: [
        `heartbeats every ${plan.intervalMs / 1_000} s; all hosts are simulated by one process, whose CPU is "agent"`,
        'up to half of the hosts of a cluster die; the others have just enough room for the machines of the worst cluster',
        ...findings.slice(0, 10).map((text) => `the doctor: ${text}`),
      ],
    };
  } finally {
    await cloud.stop();
  }
}

/** Waits until every host is heard, and measures what heartbeats alone cost. */
async function rest(cloud: BenchCloud, { hostIds }: StormGround, idleMs: number): Promise<Figure[]> {
  const db = autocommit(cloud.database.source);
  const began = performance.now();
  await until(`${hostIds.length} hosts reporting`, async () => (await countHosts(db, 'Up')) > hostIds.length);
  const heardMs = performance.now() - began;
  await enableHa(cloud, hostIds);
  await sleep(idleMs);
  const meter = new UsageMeter(cloud);
  await sleep(idleMs);
  return [
    { name: 'all hosts heard', value: heardMs / 1_000, unit: 's' },
    ...Object.entries(meter.cpuMs()).map(([name, ms]) => ({
      name: `idle cpu ${name}`,
      value: ms / (idleMs / 1_000),
      unit: 'CPU ms/s',
    })),
  ];
}

interface Storm {
  readonly course: StormCourse;
  readonly diedAt: number;
  /** What each process spent from the deaths to the last start. */
  readonly cpuMs: Readonly<Record<string, number>>;
  readonly peakMib: Readonly<Record<string, number>>;
}

async function blow(cloud: BenchCloud, ground: StormGround): Promise<Storm> {
  const { lostIds } = ground;
  const all = ground.vms.filter(({ hostId }) => new Set(lostIds).has(hostId)).length;
  const meter = new UsageMeter(cloud);
  const diedAt = Date.now();
  await setPower(cloud, lostIds, false);
  let killed = false;
  const course = await watchStorm(cloud.database.source, ground, {
    limitMs: LIMIT_MS,
    onProgress: async (restarted) => {
      if (killed || restarted < all * KILLED_AFTER) return;
      killed = true;
      await meter.across(async () => {
        await Promise.all([cloud.worker.kill(), cloud.api.kill()]);
        await Promise.all([cloud.worker.start(), cloud.api.start()]);
      });
    },
  });
  return { course, diedAt, cpuMs: meter.cpuMs(), peakMib: meter.peakMib() };
}

function courseFigures({ course, diedAt, cpuMs, peakMib }: Storm): Figure[] {
  const since = (at: number) => (at - diedAt) / 1_000;
  const seconds = (name: string, ats: readonly number[], shares: readonly [string, number][]): Figure[] =>
    shares.map(([which, share]) => ({
      name: `${name} ${which}`,
      value: quantile(ats.map(since), share),
      unit: 's',
    }));
  const priorities = [...new Set(course.restarts.map(({ priority }) => priority))].sort((a, b) => b - a);
  const total = Object.values(cpuMs).reduce((sum, ms) => sum + ms, 0);
  return [
    ...seconds('fencing asked for', course.declaredAt, [
      ['p50', 0.5],
      ['max', 1],
    ]),
    ...seconds(
      'proven dead',
      [...course.provenAt.values()],
      [
        ['p50', 0.5],
        ['max', 1],
      ],
    ),
    ...priorities.flatMap((priority) =>
      seconds(
        `restarted, priority ${priority},`,
        course.restarts.filter((one) => one.priority === priority).map(({ endedAt }) => endedAt),
        [
          ['p50', 0.5],
          ['p90', 0.9],
          ['max', 1],
        ],
      ),
    ),
    {
      name: 'all restarted',
      value: since(Math.max(...course.restarts.map(({ endedAt }) => endedAt))),
      unit: 's',
      goal: ALL_RESTARTED,
    },
    { name: 'asked for before a more important one', value: countInversions(course), unit: 'machines' },
    { name: 'most starts at once', value: mostAtOnce(course.restarts), unit: '' },
    { name: 'starts that failed and were repeated', value: course.failed, unit: '' },
    { name: 'alerts raised', value: course.alerts, unit: '' },
    ...Object.entries(cpuMs).map(([name, ms]) => ({ name: `cpu ${name}`, value: ms / 1_000, unit: 'CPU s' })),
    { name: 'cpu all', value: total / 1_000, unit: 'CPU s' },
    { name: 'cpu per restarted machine', value: total / course.restarts.length, unit: 'CPU ms' },
    ...Object.entries(peakMib).map(([name, mib]) => ({
      name: `peak memory ${name}`,
      value: mib,
      unit: 'MiB',
    })),
  ];
}

/** The lost hosts are started anew, and used again. @returns how long that took */
async function takeBack(cloud: BenchCloud, { hostIds, lostIds }: StormGround): Promise<number> {
  const { source } = cloud.database;
  const db = autocommit(source);
  await until('the end of fencing', async () => (await readUnderWay(source)).length === 0);
  const began = performance.now();
  await setPower(cloud, lostIds, true);
  await until('all hosts being used', async () => (await countHosts(db, 'Up')) > hostIds.length);
  await until('the end of all operations', async () => (await readUnderWay(source)).length === 0);
  return performance.now() - began;
}

/** What the doctor finds, and how many machines run on two hosts. */
async function judge(cloud: BenchCloud, { vms }: StormGround): Promise<{ findings: string[]; twice: number }> {
  const { source } = cloud.database;
  const client = await connectAgents(source, join(cloud.directory, 'data.key'));
  try {
    const inventories = await readInventories(source, client);
    const running = new Map<string, number>();
    for (const inventory of inventories.values())
      for (const { id, power } of inventory.vms) if (power !== 'off') running.set(id, (running.get(id) ?? 0) + 1);
    const twice = vms.filter(({ id }) => (running.get(id) ?? 0) !== 1).length;
    return { findings: await findInconsistencies(source, client), twice };
  } finally {
    await client.close();
  }
}

async function setPower(cloud: BenchCloud, hostIds: readonly string[], on: boolean): Promise<void> {
  for (let at = 0; at < hostIds.length; at += SWITCHED_AT_ONCE)
    await Promise.all(
      hostIds.slice(at, at + SWITCHED_AT_ONCE).map((id) => cloud.simulate('POST', `/hosts/${id}/power`, { on })),
    );
}

const countHosts = async (db: Tx, state: string): Promise<number> =>
  Number((await db.query<{ n: number }>('SELECT COUNT(*) AS n FROM host WHERE state = ?', [state]))[0]?.n);

async function until(what: string, ask: () => Promise<boolean>): Promise<void> {
  const limit = Date.now() + LIMIT_MS;
  while (!(await ask())) {
    if (Date.now() > limit) throw new DurastackError('TIMEOUT', `${what} did not come about in ${LIMIT_MS} ms.`);
    await sleep(LOOK_MS);
  }
}
