/**
 * Live migration on a cloud of real processes with simulated hosts: what callers are told, and that a machine is in
 * exactly one place whoever is killed in the middle.
 */
import { autocommit } from '@durastack/store/database/transaction';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ApiClient } from '@durastack/cli/api/api-client';
import { deployParams, eventually, itemsOf, makeBasis, objectOf, type Basis } from '../support/basis.js';
import { startCloud, type Cloud } from '../support/cloud.js';
import { inconsistenciesOf } from '../support/consistency.js';

/** Time to do something while memory is on its way. */
const TRANSFER_MS = 4_000;
const LIMIT_MS = 120_000;
const JOB_DONE = 1;
const JOB_FAILED = 2;
const MEMORY_SENT = /sent .* MiB in .* s, downtime \d+ ms/;

let cloud: Cloud;
let basis: Basis;
let vmId: string;
beforeAll(async () => {
  cloud = await startCloud({ agentSettings: { DURASTACK_SIMULATOR_TRANSFER_MS: String(TRANSFER_MS) } });
  basis = await makeBasis(cloud, { hosts: 2 });
  vmId = objectOf(await cloud.admin.callAndWait('deployVirtualMachine', deployParams(basis))).id;
}, LIMIT_MS);
afterAll(() => cloud?.stop());

const db = () => autocommit(cloud.database.source);
const machine = async () => itemsOf(await cloud.admin.call('listVirtualMachines', { id: vmId }))[0]!;
const hostOf = async () => String((await machine())['hostid']);
const otherThan = (hostId: string) => basis.hostIds.find((id) => id !== hostId)!;
const migrate = async (more: Record<string, string> = {}) =>
  String((await cloud.admin.call('migrateVirtualMachine', { virtualmachineid: vmId, ...more }))['jobid']);
const refusal = (more: Record<string, string>) => migrate(more).then(() => 'accepted', String);
/** The operation as REST shows it. */
const operation = async (jobId: string) => {
  const { apiKey, secretKey } = cloud.keys;
  const headers = { authorization: `Bearer ${apiKey}:${secretKey}` };
  return (await fetch(new URL(`/api/v1/operations/${jobId}`, cloud.apiUrl), { headers })).json();
};
const lowerCased = (fields: object) =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]));
const detailOf = async (jobId: string) =>
  (await db().query<{ detail: string | null }>('SELECT step_detail AS detail FROM operation WHERE id = ?', [jobId]))[0]
    ?.detail ?? '';
const copying = (jobId: string) =>
  eventually('memory is on its way', async () => /copied \d+ of \d+ MiB/.test(await detailOf(jobId)));
const powerOn = async (hostId: string) => {
  const host = (await cloud.simulate('GET', `/hosts/${hostId}`)) as { vms: Record<string, { power: string }> };
  return host.vms[vmId]?.power ?? 'absent';
};

/** It runs where it is recorded, nothing of it is elsewhere, and the doctor finds nothing. */
async function expectInOnePlace(): Promise<string> {
  await eventually('it is Running', async () => (await machine())['state'] === 'Running');
  const hostId = await hostOf();
  expect([await powerOn(hostId), await powerOn(otherThan(hostId))]).toEqual(['running', 'absent']);
  expect(await db().query('SELECT vm_id FROM vm_migration')).toEqual([]);
  const reserved = await db().query<{ hostId: string }>(
    "SELECT resource_id AS hostId FROM reservation WHERE owner_id = ? AND resource_type = 'host'",
    [vmId],
  );
  expect(reserved).toEqual([{ hostId }]);
  expect(await inconsistenciesOf(cloud)).toEqual([]);
  return hostId;
}

describe('migrateVirtualMachine', () => {
  it('moves a machine where there is room, showing how far it is and how it went', async () => {
    const before = await hostOf();
    const jobId = await migrate();
    expect((await machine())['state']).toMatch(/^(Migrating|Running)$/);
    await copying(jobId);
    expect((await machine())['state']).toBe('Migrating');
    const underWay = { processedBytes: expect.any(Number), pass: 1, downtimeMs: 20 };
    expect(await operation(jobId)).toMatchObject({ progress: underWay });
    const asked = await cloud.admin.call('queryAsyncJobResult', { jobid: jobId });
    expect(asked).toMatchObject({ progress: lowerCased(underWay) });
    const job = await cloud.admin.waitForJob(jobId);
    expect(job).toMatchObject({ jobstatus: JOB_DONE });
    expect(objectOf(job.jobresult as Record<string, unknown>)).toMatchObject({ id: vmId, hostid: otherThan(before) });
    expect(await detailOf(jobId)).toMatch(MEMORY_SENT);
    const cameTo = {
      remainingBytes: 0,
      totalBytes: expect.any(Number),
      downtimeMs: 20,
      hypervisorMs: expect.any(Number),
    };
    expect(await operation(jobId)).toMatchObject({ progress: cameTo });
    expect(job).toMatchObject({ progress: lowerCased(cameTo) });
    expect(await expectInOnePlace()).toBe(otherThan(before));
  });

  it('says at once why it cannot go where it is asked to', async () => {
    const here = await hostOf();
    expect(await refusal({ hostid: here })).toContain('runs the machine already');
    expect(await refusal({ hostid: '00000000-0000-4000-8000-000000000001' })).toMatch(/host/i);
    expect(await refusal({ autoselect: 'false' })).toContain('Name a host');
    expect(await refusal({ autoselect: 'true', hostid: otherThan(here) })).toContain('not both');
    await db().execute('UPDATE host SET memory_mib_reserved = memory_mib_reserved + 1000000 WHERE id = ?', [
      otherThan(here),
    ]);
    expect(await refusal({ hostid: otherThan(here) })).toContain('memory free');
    const nowhere = await cloud.admin.waitForJob(await migrate());
    expect(JSON.stringify(nowhere.jobresult)).toContain('memory free');
    await db().execute('UPDATE host SET memory_mib_reserved = memory_mib_reserved - 1000000 WHERE id = ?', [
      otherThan(here),
    ]);
    await db().execute('UPDATE storage_pool SET cluster_id = NULL, host_id = ? WHERE id = ?', [here, basis.poolId]);
    expect(await refusal({ hostid: otherThan(here) })).toMatch(/reach/);
    await db().execute('UPDATE storage_pool SET cluster_id = ?, host_id = NULL WHERE id = ?', [
      basis.clusterId,
      basis.poolId,
    ]);
    expect(await expectInOnePlace()).toBe(here);
  });

  it('is for the root administrator', async () => {
    const account = objectOf(
      await cloud.admin.call('createAccount', {
        ...{ username: 'mover', password: 'mover-mover-1', email: 'm@example.org', accounttype: '0' },
        ...{ firstname: 'M', lastname: 'Over' },
      }),
    ) as unknown as { user: { id: string }[] };
    const keys = objectOf(await cloud.admin.call('registerUserKeys', { id: account.user[0]!.id }));
    const mover = new ApiClient({
      url: cloud.apiUrl,
      apiKey: String(keys['apikey']),
      secretKey: String(keys['secretkey']),
    });
    await expect(mover.call('migrateVirtualMachine', { virtualmachineid: vmId })).rejects.toThrow(/432|not|role/i);
  });

  it('waits for what was asked of the machine before, and does not move what is stopped then', async () => {
    const { jobid: stopping } = await cloud.admin.call('stopVirtualMachine', { id: vmId });
    const jobId = await migrate();
    expect((await cloud.admin.waitForJob(String(stopping))).jobstatus).toBe(JOB_DONE);
    const job = await cloud.admin.waitForJob(jobId);
    expect(job.jobstatus).toBe(JOB_FAILED);
    expect(await refusal({})).toContain('Only a running machine');
    await cloud.admin.callAndWait('startVirtualMachine', { id: vmId });
    await expectInOnePlace();
  });
});

describe('in the middle of it', () => {
  let before: string;
  let jobId: string;
  beforeEach(async () => {
    before = await hostOf();
    jobId = await migrate();
    await copying(jobId);
  });

  it('a cancel leaves the machine where it ran', async () => {
    await cloud.admin.call('cancelAsyncJob', { jobid: jobId });
    const job = await cloud.admin.waitForJob(jobId);
    const after = await expectInOnePlace();
    // Heard in time, or too late: then it was moved, and says so.
    expect(after).toBe(job.jobstatus === JOB_FAILED ? before : otherThan(before));
  });

  it('a killed worker is replaced, and the machine arrives', async () => {
    await cloud.worker.kill();
    await cloud.worker.start();
    expect((await cloud.admin.waitForJob(jobId)).jobstatus).toBe(JOB_DONE);
    expect(await expectInOnePlace()).toBe(otherThan(before));
  });

  it('killed agents are asked both when they are back', async () => {
    await cloud.agent.kill();
    await cloud.agent.start();
    const job = await cloud.admin.waitForJob(jobId);
    const after = await expectInOnePlace();
    expect(after).toBe(job.jobstatus === JOB_FAILED ? before : otherThan(before));
  });
});
