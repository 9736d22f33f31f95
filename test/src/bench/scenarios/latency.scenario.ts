/** One deploy at a time on an idle cloud: from the call to its end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { autocommit } from '@durastack/store/database/transaction';
import { deployParams } from '../../support/basis.js';
import { countSeen, LOOK_MS, readEndings, startBenchCloud, untilDone, type BenchCloud } from '../bench-cloud.js';
import { measureOnLibvirt, type Pair } from '../libvirt-deploys.js';
import { signedCall, startGenerator, type Generator } from '../load/run-load.js';
import { pidsOf, usageFigures, usageOf } from '../processes.js';
import { timeFigures, type CaseReport } from '../report.js';
import type { Scenario } from '../scenario.js';

const GOAL_MS = 100;
const BEYOND_PLAIN_GOAL_MS = 150;
const WARM_UP = 10;
/** Between two deploys: the cloud is idle again. */
const PAUSE_MS = 100;

/** See the module's head. */
export const scenario: Scenario = {
  name: 'latency',
  summary: 'one deploy at a time, call to done: on a simulated host, and on libvirt beside plain define and start',
  async run(options) {
    options.onCase(await onSimulator(options.tiny ? 2 : (options.count ?? 50), options.hosts ?? 4));
    if (options.tiny !== true && options.simulator !== true) options.onCase(await onLibvirt(options.count ?? 10));
  },
};

interface Timed {
  readonly vmId: string;
  readonly callMs: number;
  readonly doneMs: number;
}

async function onSimulator(count: number, hosts: number): Promise<CaseReport> {
  const cloud = await startBenchCloud({ hosts });
  const generator = startGenerator();
  try {
    for (let done = 0; done < Math.min(WARM_UP, count); done += 1) await deployOne(cloud, generator);
    const before = usageOf(pidsOf(cloud));
    const timed: Timed[] = [];
    for (let done = 0; done < count; done += 1) timed.push(await deployOne(cloud, generator));
    const after = usageOf(pidsOf(cloud));
    const seen = await countSeen(
      cloud,
      timed.map(({ vmId }) => vmId),
    );
    return {
      scenario: 'latency',
      title: `${count} deploys one after the other, ${hosts} simulated hosts`,
      figures: [
        ...timeFigures(
          'call',
          timed.map(({ callMs }) => callMs),
        ),
        ...timeFigures(
          'call to done',
          timed.map(({ doneMs }) => doneMs),
          { p50: { atMost: GOAL_MS } },
        ),
        ...usageFigures({ before, after }, { count, of: 'deploy' }),
      ],
      counts: { deploys: count, seen },
      notes: [
        `${seen} of ${count} seen by inventory; "done" is looked for every ${LOOK_MS} ms, which the CPU of mariadb includes`,
      ],
    };
  } finally {
    generator.stop();
    await cloud.stop();
  }
}

async function onLibvirt(count: number): Promise<CaseReport> {
  const pairs = await measureOnLibvirt(count);
  const of = (which: keyof Pair) => pairs.map((pair) => pair[which]);
  const more = pairs.map(({ deployMs, plainMs }) => deployMs - plainMs);
  return {
    scenario: 'latency',
    title: `${count} deploys on this machine's libvirt, each beside a plain define and start of the same domain`,
    figures: [
      ...timeFigures('call to done', of('deployMs')),
      ...timeFigures('plain define and start', of('plainMs')),
      ...timeFigures('deploy beyond plain', more, { p50: { atMost: BEYOND_PLAIN_GOAL_MS } }),
    ],
    counts: { deploys: pairs.length },
    notes: ['every guest is cut off as soon as it was measured'],
  };
}

async function deployOne(cloud: BenchCloud, generator: Generator): Promise<Timed> {
  await sleep(PAUSE_MS);
  const load = await generator.run({
    url: `${cloud.apiUrl}/client/api`,
    method: 'POST',
    calls: [signedCall('deployVirtualMachine', deployParams(cloud.basis), cloud.keys)],
    pace: { clients: 1 },
  });
  const { id, jobid } = (
    JSON.parse(load.replies[0]!) as { deployvirtualmachineresponse: { id: string; jobid: string } }
  ).deployvirtualmachineresponse;
  await untilDone(autocommit(cloud.database.source), jobid);
  const doneMs = Date.now() - load.dueAt[0]!;
  await readEndings(cloud, [jobid]);
  return { vmId: id, callMs: load.timesMs[0]!, doneMs };
}
