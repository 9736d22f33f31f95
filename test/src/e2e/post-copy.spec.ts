/**
 * Post-copy on a cloud of real processes with simulated hosts: what callers are told from the moment in which there is no
 * way back, and that a machine whose memory is lost on the way ends everywhere, and starts again in one place.
 */
import { autocommit } from '@durastack/store/database/transaction';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deployParams, eventually, itemsOf, makeBasis, objectOf, type Basis } from '../support/basis.js';
import { startCloud, type Cloud } from '../support/cloud.js';
import { inconsistenciesOf } from '../support/consistency.js';

/** Twice as long as until the machine goes. */
const TRANSFER_MS = 8_000;
const LIMIT_MS = 240_000;
const JOB_DONE = 1;
const JOB_FAILED = 2;

let cloud: Cloud;
let basis: Basis;
let vmId: string;
beforeAll(async () => {
  cloud = await startCloud({ agentSettings: { DURASTACK_SIMULATOR_TRANSFER_MS: String(TRANSFER_MS) } });
  basis = await makeBasis(cloud, { hosts: 2 });
  const offering = objectOf(
    await cloud.admin.call('createServiceOffering', {
      ...{ name: 'wanted', displaytext: 'wanted', cpunumber: '1', cpuspeed: '500', memory: '128', offerha: 'true' },
    }),
  );
  const params = { ...deployParams(basis), serviceofferingid: offering.id };
  vmId = objectOf(await cloud.admin.callAndWait('deployVirtualMachine', params)).id;
  await set('vm.migrate.postcopy.after', '3');
  await set('vm.migrate.postcopy.enable', 'true');
}, LIMIT_MS);
afterAll(() => cloud?.stop());

const set = (name: string, value: string) =>
  cloud.admin.call('updateConfiguration', { name, value, clusterid: basis.clusterId });
const db = () => autocommit(cloud.database.source);
const machine = async () => itemsOf(await cloud.admin.call('listVirtualMachines', { id: vmId }))[0]!;
const hostOf = async () => String((await machine())['hostid']);
const otherThan = (hostId: string) => basis.hostIds.find((id) => id !== hostId)!;
const migrate = async () =>
  String((await cloud.admin.call('migrateVirtualMachine', { virtualmachineid: vmId }))['jobid']);
const detailOf = async (jobId: string) =>
  (await db().query<{ detail: string | null }>('SELECT step_detail AS detail FROM operation WHERE id = ?', [jobId]))[0]
    ?.detail ?? '';
const powers = async () => {
  const hosts = await Promise.all(basis.hostIds.map((id) => cloud.simulate('GET', `/hosts/${id}`)));
  return hosts.map((host) => (host as { vms: Record<string, { power: string }> }).vms[vmId]?.power ?? 'absent');
};

/** It runs where it is recorded, nothing of it is elsewhere, and the doctor finds nothing. */
async function expectInOnePlace(): Promise<string> {
  await eventually('it is Running', async () => (await machine())['state'] === 'Running', LIMIT_MS);
  const hostId = await hostOf();
  expect((await powers()).sort()).toEqual(['absent', 'running']);
  expect(await db().query('SELECT vm_id FROM vm_migration')).toEqual([]);
  expect(await inconsistenciesOf(cloud)).toEqual([]);
  return hostId;
}

describe('post-copy', () => {
  let before: string;
  let jobId: string;
  const gone = () =>
    eventually('its memory follows', async () => /its memory follows/.test(await detailOf(jobId)), LIMIT_MS);
  beforeEach(async () => {
    before = await hostOf();
    jobId = await migrate();
  });

  it('cannot be cancelled once the machine has gone, and says so', async () => {
    await gone();
    await expect(cloud.admin.call('cancelAsyncJob', { jobid: jobId })).rejects.toThrow(/only goes forward/);
    expect((await cloud.admin.waitForJob(jobId)).jobstatus).toBe(JOB_DONE);
    expect(await detailOf(jobId)).toMatch(/sent .* MiB in .* s, then went over; the rest followed/);
    expect(await expectInOnePlace()).toBe(otherThan(before));
  });

  it('goes on when the worker is killed right after the machine has gone', async () => {
    await gone();
    await cloud.worker.kill();
    await cloud.worker.start();
    expect((await cloud.admin.waitForJob(jobId)).jobstatus).toBe(JOB_DONE);
    expect(await expectInOnePlace()).toBe(otherThan(before));
  });

  it('starts the machine again, once, when the agents die while its memory follows', async () => {
    await gone();
    await cloud.agent.kill();
    await cloud.agent.start();
    const job = await cloud.admin.waitForJob(jobId);
    expect(job.jobstatus).toBe(JOB_FAILED);
    expect(JSON.stringify(job.jobresult)).toContain('what it had in memory is lost');
    await expectInOnePlace();
    const events = itemsOf(await cloud.admin.call('listEvents', { type: 'VM.MIGRATE', level: 'ERROR' }));
    expect(JSON.stringify(events)).toContain('what it had in memory is lost');
  });

  it('is cancelled before the machine has gone, as ever', async () => {
    await eventually('memory is on its way', async () => /copied \d+ of/.test(await detailOf(jobId)));
    await cloud.admin.call('cancelAsyncJob', { jobid: jobId });
    expect((await cloud.admin.waitForJob(jobId)).jobstatus).toBe(JOB_FAILED);
    expect(await expectInOnePlace()).toBe(before);
  });
});

describe('a host that cannot do it', () => {
  it('gets the machine whole, and why is said with its name', async () => {
    const [before, refusal] = [await hostOf(), 'lets root alone handle page faults'];
    await cloud.simulate('POST', `/hosts/${otherThan(before)}/post-copy`, { refusal });
    const jobId = await migrate();
    expect((await cloud.admin.waitForJob(jobId)).jobstatus).toBe(JOB_DONE);
    expect(await detailOf(jobId)).toMatch(new RegExp(`downtime \\d+ ms; without post-copy: host \\S+ ${refusal}`));
    expect(await expectInOnePlace()).toBe(otherThan(before));
  });
});
