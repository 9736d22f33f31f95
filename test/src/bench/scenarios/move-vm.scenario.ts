/** A running machine goes to and fro between two hosts: of a lab, or simulated ones. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient, Job } from '@durastack/cli/api/api-client';
import { DurastackError } from '@durastack/contracts/errors';
import { transferProgress, type TransferProgress } from '@durastack/contracts/operations/transfer-progress';
import { deployParams, itemsOf, objectOf } from '../../support/basis.js';
import { startBenchCloud } from '../bench-cloud.js';
import { takeLab } from '../lab-bed.js';
import { pidsOf, usageFigures, usageOf } from '../processes.js';
import { timeFigures, type CaseReport } from '../report.js';
import type { Scenario } from '../scenario.js';

const JOB_DONE = 1;
const SHARE_GOAL_MS = 1_000;
/** A client that looked more often would be measured too. */
const LOOK_MS = 250;
/** Between two migrations: what the last one left behind is over. */
const PAUSE_MS = 500;

/** See the module's head. */
export const scenario: Scenario = {
  name: 'move-vm',
  summary: "live migration to and fro: the hypervisors' own time, downtime, and what the control plane adds",
  async run({ count, tiny, simulator, onCase }) {
    onCase(simulator ? await onSimulator(tiny ? 2 : (count ?? 20)) : await onLab(tiny ? 2 : (count ?? 20)));
  },
};

/** Where the machine is, who may move it, and what is counted. */
interface Bed {
  readonly api: ApiClient;
  /** Of the API. */
  readonly url: string;
  readonly keys: { readonly apiKey: string; readonly secretKey: string };
  readonly vmId: string;
  readonly hostIds: readonly string[];
  readonly pids: Readonly<Record<string, number>>;
}

interface Move {
  /** From the call to the end of the operation. */
  readonly wholeMs: number;
  readonly figures: Required<Pick<TransferProgress, 'elapsedMs' | 'hypervisorMs' | 'downtimeMs'>>;
}

async function onSimulator(count: number): Promise<CaseReport> {
  const cloud = await startBenchCloud({ hosts: 2 });
  try {
    const { basis, admin: api, apiUrl: url, keys } = cloud;
    const { id: vmId } = objectOf(await api.callAndWait('deployVirtualMachine', deployParams(basis)));
    const bed = { api, url, keys, vmId, hostIds: basis.hostIds, pids: pidsOf(cloud) };
    return await measure(bed, `${count} migrations between two simulated hosts`, count);
  } finally {
    await cloud.stop();
  }
}

async function onLab(count: number): Promise<CaseReport> {
  const { fixture, api, access, pids, end } = await takeLab({ hosts: 2 });
  try {
    const vm = await fixture.deployCounterVm({ name: `bench-${Date.now()}` });
    try {
      const hostIds = fixture.hosts.slice(0, 2).map((name) => fixture.hostId(name));
      const bed = { api, url: access.url, keys: access, vmId: vm.id, hostIds, pids };
      return await measure(bed, `${count} migrations of a guest that writes all the time between two lab hosts`, count);
    } finally {
      await api.callAndWait('destroyVirtualMachine', { id: vm.id, expunge: 'true' });
    }
  } finally {
    await end();
  }
}

async function measure(bed: Bed, title: string, count: number): Promise<CaseReport> {
  // The first opens connections and fills caches.
  await moveOnce(bed);
  const before = usageOf(bed.pids);
  const moves: Move[] = [];
  while (moves.length < count) moves.push(await moveOnce(bed));
  const after = usageOf(bed.pids);
  const of = (read: (move: Move) => number): number[] => moves.map(read);
  const goal = { atMost: SHARE_GOAL_MS };
  return {
    scenario: 'move-vm',
    title,
    figures: [
      ...timeFigures(
        'call to done',
        of(({ wholeMs }) => wholeMs),
      ),
      ...timeFigures(
        'hypervisors',
        of(({ figures }) => figures.hypervisorMs),
      ),
      ...timeFigures(
        'downtime',
        of(({ figures }) => figures.downtimeMs),
      ),
      ...timeFigures(
        'agents beyond hypervisors',
        of(({ figures }) => figures.elapsedMs - figures.hypervisorMs),
      ),
      ...timeFigures(
        'control plane',
        of(({ wholeMs, figures }) => wholeMs - figures.hypervisorMs),
        { p50: goal, p99: goal },
      ),
      ...usageFigures({ before, after }, { count, of: 'migration' }),
    ],
    counts: { migrations: count, arrived: moves.length },
    notes: ['"control plane" is all but the hypervisors: from the call to the end of the operation, agents included'],
  };
}

/** Moves the machine to the other host, and sees that it is there. */
async function moveOnce(bed: Bed): Promise<Move> {
  const { api, vmId, hostIds } = bed;
  await sleep(PAUSE_MS);
  const here = await hostOf(bed);
  const to = hostIds.find((id) => id !== here);
  const beganMs = Date.now();
  const { jobid } = await api.call('migrateVirtualMachine', { virtualmachineid: vmId, hostid: String(to) });
  const job = await untilDone(api, String(jobid));
  if (job.jobstatus !== JOB_DONE || (await hostOf(bed)) !== to)
    throw new DurastackError('STEP_REFUSED', `The machine did not arrive: ${JSON.stringify(job.jobresult)}`);
  const { completed, progress } = await readOperation(bed, String(jobid));
  const { elapsedMs = 0, hypervisorMs = 0, downtimeMs = 0 } = transferProgress.parse(progress);
  return { wholeMs: Date.parse(completed) - beganMs, figures: { elapsedMs, hypervisorMs, downtimeMs } };
}

async function hostOf({ api, vmId }: Bed): Promise<string> {
  return String(itemsOf(await api.call('listVirtualMachines', { id: vmId, listall: 'true' }))[0]?.['hostid']);
}

async function untilDone(api: ApiClient, jobid: string): Promise<Job> {
  for (;;) {
    const job = (await api.call('queryAsyncJobResult', { jobid })) as Job;
    if (job.jobstatus !== 0) return job;
    await sleep(LOOK_MS);
  }
}

/** As REST shows it: with milliseconds. */
async function readOperation({ url, keys }: Bed, id: string): Promise<{ completed: string; progress: unknown }> {
  const headers = { authorization: `Bearer ${keys.apiKey}:${keys.secretKey}` };
  const reply = await fetch(new URL(`/api/v1/operations/${id}`, url), { headers });
  return (await reply.json()) as { completed: string; progress: unknown };
}
