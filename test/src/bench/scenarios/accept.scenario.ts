/** `deployVirtualMachine` at a fixed rate, whatever the API does: each time counts from when the call was due. */
import { autocommit } from '@durastack/store/database/transaction';
import { setTimeout as sleep } from 'node:timers/promises';
import { deployParams } from '../../support/basis.js';
import { SETTLE_MS } from '../bare/bare-temporal.js';
import { startBenchCloud, type BenchCloud } from '../bench-cloud.js';
import { signedCall, startGenerator, type Generator } from '../load/run-load.js';
import { pidsOf, usageFigures, usageOf } from '../processes.js';
import { timeFigures, type CaseReport } from '../report.js';
import type { Scenario } from '../scenario.js';

const P99_GOAL = { atMost: 20 };
const SECONDS = 10;
const PER_SECOND = 50;

/** See the module's head. */
export const scenario: Scenario = {
  name: 'accept',
  summary: 'deployVirtualMachine at 50 requests a second, open loop: first with the worker paused, then at work',
  async run({ perSecond = PER_SECOND, count, tiny, onCase }) {
    const calls = tiny ? 5 : (count ?? SECONDS * perSecond);
    const cloud = await startBenchCloud({ hosts: 4 });
    const generator = startGenerator();
    try {
      await offer(cloud, generator, { calls: Math.min(calls, 20), perSecond });
      await sleep(SETTLE_MS);
      await cloud.worker.kill('SIGSTOP');
      onCase(await measure(cloud, generator, { calls, perSecond, worker: 'paused' }));
      await cloud.worker.kill('SIGCONT');
      onCase(await measure(cloud, generator, { calls, perSecond, worker: 'at work' }));
    } finally {
      generator.stop();
      await cloud.stop();
    }
  },
};

interface Rate {
  readonly calls: number;
  readonly perSecond: number;
}

function offer(cloud: BenchCloud, generator: Generator, { calls, perSecond }: Rate) {
  return generator.run({
    url: `${cloud.apiUrl}/client/api`,
    method: 'POST',
    calls: Array.from({ length: calls }, () =>
      signedCall('deployVirtualMachine', deployParams(cloud.basis), cloud.keys),
    ),
    pace: { perSecond },
  });
}

async function measure(
  cloud: BenchCloud,
  generator: Generator,
  rate: Rate & { readonly worker: string },
): Promise<CaseReport> {
  const pids = pidsOf(cloud);
  const before = usageOf(pids);
  const load = await offer(cloud, generator, rate);
  const after = usageOf(pids);
  const ids = load.replies.map(
    (reply) =>
      (JSON.parse(reply) as { deployvirtualmachineresponse: { jobid: string } }).deployvirtualmachineresponse.jobid,
  );
  const [rows] = await autocommit(cloud.database.source).query<{ n: number }>(
    'SELECT COUNT(*) AS n FROM operation WHERE id IN (?)',
    [ids],
  );
  const seconds = (load.endedAt - load.beganAt) / 1_000;
  return {
    scenario: 'accept',
    title: `${rate.calls} deploys at ${rate.perSecond} a second, worker ${rate.worker}`,
    figures: [
      { name: 'rate', value: rate.calls / seconds, unit: 'accepted/s' },
      ...timeFigures('call', load.timesMs, { p99: P99_GOAL }),
      ...usageFigures({ before, after }, { count: rate.calls, of: 'call' }),
      { name: 'cpu generator (apart)', value: load.cpuMs / rate.calls, unit: 'CPU ms/call' },
    ],
    counts: { calls: rate.calls, accepted: Number(rows?.n) },
    notes: [],
  };
}
