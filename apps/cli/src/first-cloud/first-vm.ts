/** The first machine: deployed through the API, waited for until it answers on its address. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DurastackError } from '@durastack/contracts/errors';
import type { ApiClient, Job } from '../api/api-client.js';
import { portAnswers } from '../parts/node-apps.js';
import { run } from '../system/run.js';
import type { Steps } from '../system/steps.js';
import { idOf, rows, type Row } from './ensure.js';
import { KEY_PAIR, type DeployBasis } from './first-cloud.js';

/** Its name. */
export const FIRST_VM = 'hello';
const ANSWER_TIMEOUT_MS = 120_000;
const SSH_PORT = 22;
const POLL_MS = 250;

/** The first machine as it is now. */
export interface FirstVm {
  readonly id: string;
  readonly state: string;
  readonly address: string;
  /** The operation that deployed it, when that was in this run. */
  readonly jobId?: string;
}

/** The machine of that name, when there is one. */
export async function findFirstVm(api: ApiClient): Promise<FirstVm | undefined> {
  const machines = rows(await api.call('listVirtualMachines', { listall: 'true', name: FIRST_VM }));
  const row = machines.find((machine) => machine['name'] === FIRST_VM);
  return row === undefined ? undefined : describe(row);
}

/**
 * Deploys it unless it is there, and waits until it answers, where it can. One whose deploy failed in an earlier run
 * is removed first.
 *
 * @throws with the job's own sentence, or TIMEOUT with where to look
 */
export async function ensureFirstVm(
  api: ApiClient,
  steps: Steps,
  { basis, answers }: { basis: DeployBasis; answers: boolean },
): Promise<FirstVm> {
  let vm = await findFirstVm(api);
  if (vm !== undefined && vm.state === 'Error') {
    await api.callAndWait('destroyVirtualMachine', { id: vm.id, expunge: 'true' });
    vm = undefined;
  }
  const deployed = vm ?? (await steps.run(`Virtual machine "${FIRST_VM}"`, (note) => deploy(api, basis, note)));
  if (!answers) return deployed;
  return steps.run('Answer on its address', async (note) => {
    note(deployed.address);
    return waitForAnswer(api, deployed);
  });
}

async function deploy(api: ApiClient, basis: DeployBasis, note: (words: string) => void): Promise<FirstVm> {
  const reply = await api.call('deployVirtualMachine', { ...basis, name: FIRST_VM, keypair: KEY_PAIR });
  const jobId = String(reply['jobid']);
  const job: Job = await api.waitForJob(jobId);
  if (job.jobstatus !== 1) {
    const why = String(job.jobresult?.['errortext'] ?? 'the job gives no reason');
    throw new DurastackError('STEP_REFUSED', `Deploying "${FIRST_VM}" failed: ${why} See "dura logs worker".`);
  }
  const vm = { ...describe(rows(job.jobresult ?? {})[0] ?? {}), jobId };
  note(vm.address);
  return vm;
}

function describe(row: Row): FirstVm {
  const nic = (row['nic'] as Row[] | undefined)?.[0];
  return { id: idOf(row), state: String(row['state']), address: String(row['ipaddress'] ?? nic?.['ipaddress'] ?? '') };
}

/**
 * Until it answers and its deploy has ended: a machine left by an interrupted start may answer while it is Starting.
 * One that stopped because an earlier start was interrupted is started, once.
 */
async function waitForAnswer(api: ApiClient, vm: FirstVm): Promise<FirstVm> {
  const deadline = performance.now() + ANSWER_TIMEOUT_MS;
  let wasStarted = false;
  while (performance.now() < deadline) {
    const answers = (await isOnOurBridge(vm.address)) && (await portAnswers(vm.address, SSH_PORT, 500));
    const now = await findFirstVm(api);
    if (answers && now?.state === 'Running') return { ...vm, ...now };
    if (now?.state === 'Stopped' && !wasStarted) {
      wasStarted = true;
      await api.callAndWait('startVirtualMachine', { id: vm.id });
    }
    await sleep(POLL_MS);
  }
  throw new DurastackError(
    'TIMEOUT',
    `"${FIRST_VM}" does not answer on ${vm.address} within ${ANSWER_TIMEOUT_MS / 1000} s; see "dura api getVirtualMachineSerialLog id=${vm.id}".`,
  );
}

/** Whether packets to the address stay on this machine: nothing is ever sent to a network that is not ours. */
async function isOnOurBridge(address: string): Promise<boolean> {
  const route = await run('ip', ['-4', 'route', 'get', address]);
  return route.code === 0 && !/\bvia\b/.test(route.stdout);
}
