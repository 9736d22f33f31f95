/** What an idle cloud holds in memory. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startBenchCloud } from '../bench-cloud.js';
import { cpuBetween, memoryOf, pidsOf, usageOf } from '../processes.js';
import type { CaseReport, Figure } from '../report.js';
import type { Scenario } from '../scenario.js';

const OWN = ['api', 'worker', 'agent'];
const OWN_GOAL = { atMost: 600 };
const ALL_GOAL = { atMost: 1_024 };
/** Long enough for what start-up left behind to be collected, and for a few heartbeats. */
const IDLE_MS = 20_000;

/** See the module's head. */
export const scenario: Scenario = {
  name: 'memory',
  summary: 'resident memory of an idle cloud with 1 and with 200 simulated hosts, process by process',
  async run({ hosts, tiny, onCase }) {
    for (const count of tiny ? [1] : hosts === undefined ? [1, 200] : [hosts])
      onCase(await measure(count, tiny === true));
  },
};

async function measure(hosts: number, tiny: boolean): Promise<CaseReport> {
  const cloud = await startBenchCloud({ hosts });
  try {
    const idleMs = tiny ? 500 : IDLE_MS;
    const before = usageOf(pidsOf(cloud));
    await sleep(idleMs);
    const cpu = cpuBetween(before, usageOf(pidsOf(cloud)));
    const used = Object.entries(pidsOf(cloud)).map(([name, pid]) => ({ name, ...memoryOf(pid) }));
    const sum = (names: readonly string[], which: 'rssMib' | 'pssMib') =>
      used.filter(({ name }) => names.includes(name)).reduce((total, one) => total + one[which], 0);
    const all = used.map(({ name }) => name);
    const figures: Figure[] = [
      ...used.flatMap(({ name, rssMib, pssMib }) => [
        { name: `${name} RSS`, value: rssMib, unit: 'MiB' },
        { name: `${name} PSS`, value: pssMib, unit: 'MiB' },
      ]),
      { name: 'API + worker + agent RSS', value: sum(OWN, 'rssMib'), unit: 'MiB', goal: OWN_GOAL },
      { name: 'API + worker + agent PSS', value: sum(OWN, 'pssMib'), unit: 'MiB' },
      { name: 'everything RSS', value: sum(all, 'rssMib'), unit: 'MiB', goal: ALL_GOAL },
      { name: 'everything PSS', value: sum(all, 'pssMib'), unit: 'MiB' },
      ...Object.entries(cpu).map(([name, ms]) => ({
        name: `idle cpu ${name}`,
        value: ms / (idleMs / 1_000),
        unit: 'CPU ms/s',
      })),
    ];
    const title = `idle, ${hosts} simulated ${hosts === 1 ? 'host' : 'hosts'}`;
    const notes = ['one agent process simulates all hosts; a real host runs one agent of its own'];
    return { scenario: 'memory', title, figures, counts: { hosts, processes: used.length }, notes };
  } finally {
    await cloud.stop();
  }
}
