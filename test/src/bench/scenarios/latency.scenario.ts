/** One deploy at a time on an idle cloud: from the call to its end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { autocommit } from '@durastack/store/database/transaction';
import { deployParams } from '../../support/basis.js';
import { countSeen, readEndings, startBenchCloud, type BenchCloud } from '../bench-cloud.js';
import { signedCall, startGenerator, type Generator } from '../load/run-load.js';
import { pidsOf, usageFigures, usageOf } from '../processes.js';
import { timeFigures, type CaseReport } from '../report.js';
import type { Scenario } from '../scenario.js';

const GOAL_MS = 100;
const WARM_UP = 10;
/** How often the row is looked at: what is added to a time by that is at most this. */
const LOOK_MS = 2;
/** Between two deploys: the cloud is idle again. */
const PAUSE_MS = 100;

/** See the module's head. */
export const scenario: Scenario = {
  name: 'latency',
  summary: 'one deploy at a time, call to done: on a simulated host, and on libvirt beside plain define and start',
  async run(options) {
    options.onCase(await onSimulator(options.tiny ? 2 : (options.count ?? 50), options.hosts ?? 4));
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
  const db = autocommit(cloud.database.source);
  for (;;) {
    const [row] = await db.query<{ state: string }>('SELECT state FROM operation WHERE id = ?', [jobid]);
    if (row?.state !== 'queued' && row?.state !== 'granted' && row?.state !== 'running') break;
    await sleep(LOOK_MS);
  }
  const doneMs = Date.now() - load.dueAt[0]!;
  await readEndings(cloud, [jobid]);
  return { vmId: id, callMs: load.timesMs[0]!, doneMs };
}
