/** Bursts of deploys on simulated hosts, and the bare Temporal workflow of the same shape in the same run. */
import { setTimeout as sleep } from 'node:timers/promises';
import { deployParams } from '../../support/basis.js';
import { SETTLE_MS, shapeOf, startBareTemporal, type BareCost, type BareTemporal } from '../bare/bare-temporal.js';
import { countSeen, readEndings, startBenchCloud, untilIdle, type BenchCloud } from '../bench-cloud.js';
import type { LoadResult } from '../load/generator.js';
import { signedCall, startGenerator, type Generator } from '../load/run-load.js';
import { cpuBetween, pidsOf, usageFigures, usageOf, type Usage } from '../processes.js';
import { timeFigures, type CaseReport, type Figure } from '../report.js';
import type { Scenario, ScenarioOptions } from '../scenario.js';

const WARM_UP = 20;
const CPU_GOAL_MS = 100;
const RATIO_GOAL = 1.6;
const RATE_GOAL = 15;
const FEW_HOSTS = 4;
const MANY_HOSTS = 400;

interface Burst {
  readonly count: number;
  readonly clients: number;
}

/** See the module's head. */
export const scenario: Scenario = {
  name: 'deploy',
  summary: 'bursts of 100 and 500 deploys on 4 and on 400 simulated hosts, beside the bare Temporal workflow',
  async run(options) {
    for (const { hosts, bursts } of plan(options)) {
      const cloud = await startBenchCloud({ hosts });
      const generator = startGenerator();
      let bare: BareTemporal | undefined;
      try {
        bare = await startBareTemporal(cloud);
        const scene = { cloud, generator, bare };
        await deploy(scene, { count: options.tiny ? 2 : WARM_UP, clients: 4 });
        for (const burst of bursts) options.onCase(await runBurst(scene, burst));
      } finally {
        generator.stop();
        bare?.stop();
        await cloud.stop();
      }
    }
  },
};

function plan({ count, clients, hosts, tiny }: ScenarioOptions): { hosts: number; bursts: Burst[] }[] {
  if (tiny) return [{ hosts: 2, bursts: [{ count: 4, clients: 2 }] }];
  const counts = count === undefined ? [100, 500] : [count];
  const bursts = counts.map((each) => ({ count: each, clients: clients ?? each }));
  const eight = count === undefined && clients === undefined ? [{ count: 100, clients: 8 }] : [];
  if (hosts !== undefined) return [{ hosts, bursts: [...eight, ...bursts] }];
  const both = [{ hosts: FEW_HOSTS, bursts: [...eight, ...bursts] }];
  return count === undefined ? [...both, { hosts: MANY_HOSTS, bursts }] : both;
}

interface Scene {
  readonly cloud: BenchCloud;
  readonly generator: Generator;
  readonly bare: BareTemporal;
}

interface Deployed {
  readonly load: LoadResult;
  readonly seconds: number;
  readonly before: Usage;
  readonly after: Usage;
  readonly doneMs: readonly number[];
  readonly seen: number;
  readonly lastOperation: string;
}

async function runBurst(scene: Scene, burst: Burst): Promise<CaseReport> {
  const { cloud, bare } = scene;
  const deployed = await deploy(scene, burst);
  const shape = await shapeOf(cloud, cloud.workflowId(deployed.lastOperation));
  const cost = await bare.measure(shape, burst.count);
  const { count, clients } = burst;
  return {
    scenario: 'deploy',
    title: `${count} deploys, ${clients} clients at once, ${cloud.basis.hostIds.length} simulated hosts`,
    figures: figures(deployed, cost, count),
    counts: { deploys: count, seen: deployed.seen, shape: shape.length },
    notes: [
      `${deployed.seen} of ${count} seen by inventory with domain, disk, address and reservations`,
      `shape of the bare workflow, from the last deploy's history: ${shape.join(', ')}`,
    ],
  };
}

function figures({ load, seconds, before, after, doneMs }: Deployed, bare: BareCost, count: number): Figure[] {
  const cpu = cpuBetween(before, after);
  const all = Object.values(cpu).reduce((sum, ms) => sum + ms, 0) / count;
  const unit = 'CPU ms/deploy';
  const bareAll = bare.temporalMs + bare.workerMs;
  return [
    { name: 'rate', value: count / seconds, unit: 'deploys/s', goal: { atLeast: RATE_GOAL } },
    ...timeFigures('call', load.timesMs),
    ...timeFigures('call to done', doneMs),
    ...usageFigures({ before, after }, { count, of: 'deploy', goal: { atMost: CPU_GOAL_MS } }),
    { name: 'cpu generator (apart)', value: load.cpuMs / count, unit },
    { name: 'peak memory generator', value: load.peakRssMib, unit: 'MiB' },
    { name: 'bare rate', value: count / bare.seconds, unit: 'workflows/s' },
    { name: 'bare cpu temporal', value: bare.temporalMs, unit },
    { name: 'bare cpu worker', value: bare.workerMs, unit },
    { name: 'bare cpu starter', value: bare.starterMs, unit },
    { name: 'ratio to bare, starter left out', value: all / bareAll, unit: '', goal: { atMost: RATIO_GOAL } },
    { name: 'ratio to bare with its starter', value: all / (bareAll + bare.starterMs), unit: '' },
    { name: 'ratio temporal', value: cpu['temporal']! / count / bare.temporalMs, unit: '' },
    { name: 'ratio worker', value: cpu['worker']! / count / bare.workerMs, unit: '' },
  ];
}

/** One burst, until its last operation has ended, and what was used meanwhile. */
async function deploy({ cloud, generator }: Scene, { count, clients }: Burst): Promise<Deployed> {
  const call = () => signedCall('deployVirtualMachine', deployParams(cloud.basis), cloud.keys);
  const calls = Array.from({ length: count }, call);
  const pids = pidsOf(cloud);
  await sleep(SETTLE_MS);
  const before = usageOf(pids);
  const url = `${cloud.apiUrl}/client/api`;
  const load = await generator.run({ url, method: 'POST', calls, pace: { clients } });
  await untilIdle(cloud);
  await sleep(SETTLE_MS);
  const after = usageOf(pids);
  const accepted = load.replies.map(
    (reply) =>
      (JSON.parse(reply) as { deployvirtualmachineresponse: { id: string; jobid: string } })
        .deployvirtualmachineresponse,
  );
  const endings = await readEndings(
    cloud,
    accepted.map(({ jobid }) => jobid),
  );
  const doneMs = accepted.map(({ jobid }, index) => (endings.get(jobid)?.endedAt ?? Number.NaN) - load.dueAt[index]!);
  const lastEnding = Math.max(...[...endings.values()].map(({ endedAt }) => endedAt));
  const seen = await countSeen(
    cloud,
    accepted.map(({ id }) => id),
  );
  return {
    load,
    seconds: (lastEnding - load.beganAt) / 1_000,
    before,
    after,
    doneMs,
    seen,
    lastOperation: accepted.at(-1)!.jobid,
  };
}
