/** What must hold whatever is done to an operation from outside: cancel, terminate, reset, loss of Temporal's store. */
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { autocommit } from '@durastack/store/database/transaction';
import { deployParams, eventually, itemsOf, makeBasis, objectOf, type Basis } from '../support/basis.js';
import { startCloud, type Cloud } from '../support/cloud.js';

let cloud: Cloud;
let basis: Basis;
beforeAll(async () => {
  cloud = await startCloud();
  basis = await makeBasis(cloud);
});
afterAll(() => cloud?.stop());

const JOB_DONE = 1;
const JOB_FAILED = 2;
const db = () => autocommit(cloud.database.source);
const operation = async (id: string) =>
  (
    await db().query<{ state: string; run: number; direction: string }>(
      'SELECT state, run, direction FROM operation WHERE id = ?',
      [id],
    )
  )[0];
const stateOf = async (id: string) =>
  itemsOf(await cloud.admin.call('listVirtualMachines', { id, listall: 'true' }))[0]?.['state'];

/** Deploys a machine whose start is held on its host; `release` lets it go. */
async function heldDeploy() {
  const { id: fault } = await cloud.simulate('POST', '/faults', {
    verb: 'ensureVmRunning',
    point: 'before-effect',
    action: { kind: 'hold' },
  });
  const accepted = await cloud.admin.call('deployVirtualMachine', deployParams(basis));
  await eventually(
    'the start is held',
    async () => Number((await cloud.simulate('GET', `/faults/${String(fault)}`))['held']) > 0,
  );
  return {
    vmId: String(accepted['id']),
    jobId: String(accepted['jobid']),
    release: () => cloud.simulate('DELETE', `/faults/${String(fault)}`),
  };
}

async function temporal<T>(body: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: cloud.temporalAddress });
  try {
    return await body(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

/** As the button “Reset” of Temporal's UI does, to the first workflow task. */
async function reset(workflowId: string): Promise<void> {
  const FIRST_WORKFLOW_TASK_COMPLETED = 4;
  await temporal((client) =>
    client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId },
      workflowTaskFinishEventId: FIRST_WORKFLOW_TASK_COMPLETED as never,
      requestId: randomUUID(),
      reason: 'by an operator',
    }),
  );
}

describe('a deploy in the middle of its last step', () => {
  it('is cancelled: the attempt on the host is stopped by the undo, and nothing is left', async () => {
    const { vmId, jobId, release } = await heldDeploy();
    await cloud.admin.call('cancelAsyncJob', { jobid: jobId });
    await release();
    const job = await cloud.admin.waitForJob(jobId);
    // The cancel is heard before the start or comes too late; either way the end is clean.
    expect([JOB_DONE, JOB_FAILED]).toContain(job.jobstatus);
    expect(await stateOf(vmId)).toBe(job.jobstatus === JOB_DONE ? 'Running' : 'Error');
  });

  it('is terminated in Temporal: it runs again from its row and ends well', async () => {
    const { vmId, jobId, release } = await heldDeploy();
    await temporal((client) => client.workflow.getHandle(`${jobId}-1`).terminate('by an operator'));
    await release();
    expect((await cloud.admin.waitForJob(jobId)).jobstatus).toBe(JOB_DONE);
    expect(await operation(jobId)).toMatchObject({ state: 'succeeded', run: 2 });
    expect(await stateOf(vmId)).toBe('Running');
  });

  it('is reset in Temporal, while it runs and after it has ended: nothing happens twice', async () => {
    const { vmId, jobId, release } = await heldDeploy();
    await reset(`${jobId}-1`);
    await release();
    expect((await cloud.admin.waitForJob(jobId)).jobstatus).toBe(JOB_DONE);
    await reset(`${jobId}-1`);
    await eventually('the workflow that was reset has ended', () =>
      temporal(async (client) => (await client.workflow.getHandle(`${jobId}-1`).describe()).status.name !== 'RUNNING'),
    );
    // What the reset began again was refused: a later step had begun. Another run went on from the row.
    expect(await operation(jobId)).toMatchObject({ state: 'succeeded', run: 2 });
    expect(await stateOf(vmId)).toBe('Running');
  });

  it('survives the loss of all that Temporal had stored', async () => {
    const { vmId, jobId, release } = await heldDeploy();
    await cloud.worker.kill();
    await cloud.temporal.kill();
    for (const file of readdirSync(cloud.directory))
      if (file.startsWith('temporal.db')) rmSync(join(cloud.directory, file));
    await cloud.temporal.start();
    await cloud.worker.start();
    await release();
    expect((await cloud.admin.waitForJob(jobId)).jobstatus).toBe(JOB_DONE);
    expect(await stateOf(vmId)).toBe('Running');
  });
});

it('what is queued is cancelled at once, and destroy overtakes it', async () => {
  const { vmId, jobId, release } = await heldDeploy();
  const reboot = String((await cloud.admin.call('rebootVirtualMachine', { id: vmId }))['jobid']);
  const stop = String((await cloud.admin.call('stopVirtualMachine', { id: vmId }))['jobid']);
  await cloud.admin.call('cancelAsyncJob', { jobid: reboot });
  expect((await operation(reboot))?.state).toBe('cancelled');
  const destroy = String((await cloud.admin.call('destroyVirtualMachine', { id: vmId, expunge: 'true' }))['jobid']);
  expect((await operation(stop))?.state).toBe('cancelled');
  await release();
  expect((await cloud.admin.waitForJob(destroy)).jobstatus).toBe(JOB_DONE);
  expect(['succeeded', 'cancelled']).toContain((await operation(jobId))?.state);
  expect(await stateOf(vmId)).toBeUndefined();
});

describe('facts seen on hosts', () => {
  const setPower = (vmId: string, power: string) =>
    cloud.simulate('POST', `/hosts/${basis.hostIds[0]}/vms/${vmId}/power`, { power });

  it('a guest that powers itself off becomes Stopped within two seconds, and is started again by request', async () => {
    const vm = objectOf(await cloud.admin.callAndWait('deployVirtualMachine', deployParams(basis)));
    await setPower(vm.id, 'off');
    await eventually('the machine is Stopped', async () => (await stateOf(vm.id)) === 'Stopped', 2_000);
    await setPower(vm.id, 'running');
    await eventually('the machine is Running', async () => (await stateOf(vm.id)) === 'Running', 2_000);
    await setPower(vm.id, 'off');
    await eventually('the machine is Stopped', async () => (await stateOf(vm.id)) === 'Stopped', 2_000);
    await cloud.admin.callAndWait('startVirtualMachine', { id: vm.id });
    expect(await stateOf(vm.id)).toBe('Running');
  });

  it('a silent host is Disconnected, its machines stay, and it is Up again when it reports', async () => {
    const hostState = async () => itemsOf(await cloud.admin.call('listHosts', { id: basis.hostIds[0]! }))[0]?.['state'];
    await cloud.agent.kill();
    await eventually('the host is Disconnected', async () => (await hostState()) === 'Disconnected');
    await cloud.agent.start();
    await eventually('the host is Up', async () => (await hostState()) === 'Up');
  });

  it('hosts are not called silent while nobody could hear them', async () => {
    const hostState = async () =>
      (await db().query<{ state: string }>('SELECT state FROM host WHERE id = ?', [basis.hostIds[0]]))[0]?.state;
    await cloud.api.kill();
    await new Promise((resolve) => setTimeout(resolve, 8_000));
    expect(await hostState()).toBe('Up');
    await cloud.api.start();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(await hostState()).toBe('Up');
  });
});

it('no secret is in any history or log', async () => {
  const secret = 'c2VjcmV0LXVzZXItZGF0YS1vZi10aGUtdGVuYW50';
  const { jobid } = await cloud.admin.call(
    'deployVirtualMachine',
    deployParams(basis, { userdata: secret, name: 'secretive' }),
  );
  await cloud.admin.waitForJob(String(jobid));
  const secrets = [
    secret,
    Buffer.from(secret, 'base64').toString(),
    cloud.keys.secretKey,
    readFileSync(join(cloud.directory, 'enrol-token'), 'utf8').trim(),
    readFileSync(join(cloud.directory, 'data.key'), 'utf8').trim(),
  ];
  const histories = await temporal(async (client) => {
    const texts: string[] = [];
    for await (const { workflowId, runId } of client.workflow.list()) {
      const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      // Payloads are bytes: JSON of ours in plain text.
      texts.push(
        JSON.stringify(history, (_key, value: unknown) =>
          value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value,
        ),
      );
    }
    return texts.join('\n');
  });
  expect(histories).toContain(String(jobid));
  const logs = ['api', 'worker', 'host-agent', 'temporal']
    .map((name) => readFileSync(join(cloud.directory, `${name}.log`), 'utf8'))
    .join('\n');
  for (const value of secrets) {
    expect(histories.includes(value)).toBe(false);
    expect(logs.includes(value)).toBe(false);
  }
});
