/**
 * Moving volumes on a cloud of real processes with simulated hosts: what callers are told, and that a volume is on
 * exactly one pool whoever is killed in the middle.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { autocommit } from '@durastack/store/database/transaction';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deployParams, eventually, itemsOf, makeBasis, objectOf, type Basis } from '../support/basis.js';
import { startCloud, type Cloud } from '../support/cloud.js';
import { inconsistenciesOf } from '../support/consistency.js';

/** Time to do something while a disk is on its way. */
const TRANSFER_MS = 1_500;
const LIMIT_MS = 120_000;
const JOB_DONE = 1;
const JOB_FAILED = 2;

let cloud: Cloud;
let basis: Basis;
let otherPoolId: string;
let vmId: string;
let volumeId: string;
beforeAll(async () => {
  cloud = await startCloud({ agentSettings: { DURASTACK_SIMULATOR_TRANSFER_MS: String(TRANSFER_MS) } });
  basis = await makeBasis(cloud, { hosts: 2 });
  vmId = objectOf(await cloud.admin.callAndWait('deployVirtualMachine', deployParams(basis))).id;
  const path = join(cloud.directory, 'other-pool');
  mkdirSync(path);
  const { zoneId: zoneid, podId: podid, clusterId: clusterid } = basis;
  const place = { zoneid, podid, clusterid, name: 'other', url: `SharedMountPoint://localhost${path}` };
  otherPoolId = objectOf(await cloud.admin.callAndWait('createStoragePool', place)).id;
  volumeId = itemsOf(await cloud.admin.call('listVolumes', { virtualmachineid: vmId }))[0]!.id;
}, LIMIT_MS);
afterAll(() => cloud?.stop());

const db = () => autocommit(cloud.database.source);
const volume = async () => itemsOf(await cloud.admin.call('listVolumes', { id: volumeId }))[0]!;
const poolOf = async () => String((await volume())['storageid']);
const otherThan = (poolId: string) => (poolId === otherPoolId ? basis.poolId : otherPoolId);
const migrate = async (to: string, livemigrate = 'true') =>
  String((await cloud.admin.call('migrateVolume', { volumeid: volumeId, storageid: to, livemigrate }))['jobid']);
const detailOf = async (jobId: string) =>
  (await db().query<{ detail: string | null }>('SELECT step_detail AS detail FROM operation WHERE id = ?', [jobId]))[0]
    ?.detail ?? '';
const copying = (jobId: string) =>
  eventually('the disk is on its way', async () => /copied \d+ of \d+ MiB/.test(await detailOf(jobId)));

/** It is on the pool that is recorded, reserved there alone, and the doctor finds nothing. */
async function expectOnOnePool(): Promise<string> {
  const { state, storageid } = await volume();
  expect(state).toBe('Ready');
  expect(await db().query('SELECT volume_id FROM volume_copy')).toEqual([]);
  const reserved = await db().query<{ poolId: string }>(
    "SELECT resource_id AS poolId FROM reservation WHERE owner_id = ? AND resource_type = 'storage-pool'",
    [volumeId],
  );
  expect(reserved).toEqual([{ poolId: storageid }]);
  expect(await inconsistenciesOf(cloud)).toEqual([]);
  return String(storageid);
}

describe('migrateVolume', () => {
  it('moves the disk of a machine that runs on, showing how far it is', async () => {
    const before = await poolOf();
    const found = itemsOf(await cloud.admin.call('findStoragePoolsForMigration', { id: volumeId }));
    expect(found.map(({ id, suitableformigration }) => [id, suitableformigration])).toEqual([
      [otherThan(before), true],
    ]);
    const jobId = await migrate(otherThan(before));
    await copying(jobId);
    expect(await volume()).toMatchObject({ state: 'Migrating', storageid: before });
    const asked = await cloud.admin.call('queryAsyncJobResult', { jobid: jobId });
    expect(asked).toMatchObject({
      progress: { processedbytes: expect.any(Number), remainingbytes: expect.any(Number) },
    });
    const job = await cloud.admin.waitForJob(jobId);
    const totalbytes = Number((await volume())['size']);
    expect(job).toMatchObject({
      jobstatus: JOB_DONE,
      progress: { processedbytes: totalbytes, remainingbytes: 0, totalbytes },
    });
    expect(objectOf(job.jobresult as Record<string, unknown>)).toMatchObject({
      id: volumeId,
      storageid: otherThan(before),
      virtualmachineid: vmId,
      vmstate: 'Running',
    });
    expect(await expectOnOnePool()).toBe(otherThan(before));
  });

  it('moves the disk of a stopped machine, which then starts from there', async () => {
    const before = await poolOf();
    await cloud.admin.callAndWait('stopVirtualMachine', { id: vmId, forced: 'true' });
    const job = await cloud.admin.waitForJob(await migrate(otherThan(before), 'false'));
    expect(job.jobstatus).toBe(JOB_DONE);
    await cloud.admin.callAndWait('startVirtualMachine', { id: vmId });
    expect(await expectOnOnePool()).toBe(otherThan(before));
  });

  it('waits for what was asked of the machine before, and looks again then', async () => {
    const before = await poolOf();
    await cloud.admin.callAndWait('stopVirtualMachine', { id: vmId, forced: 'true' });
    await cloud.admin.call('startVirtualMachine', { id: vmId });
    const job = await cloud.admin.waitForJob(await migrate(otherThan(before), 'false'));
    expect([job.jobstatus, JSON.stringify(job.jobresult)]).toEqual([
      JOB_FAILED,
      expect.stringContaining('livemigrate=true'),
    ]);
    expect(await expectOnOnePool()).toBe(before);
  });
});

describe('in the middle of it', () => {
  let before: string;
  let jobId: string;
  beforeEach(async () => {
    before = await poolOf();
    jobId = await migrate(otherThan(before));
    await copying(jobId);
  });

  it('a cancel leaves the volume where it was', async () => {
    await cloud.admin.call('cancelAsyncJob', { jobid: jobId });
    const job = await cloud.admin.waitForJob(jobId);
    expect(await expectOnOnePool()).toBe(job.jobstatus === JOB_FAILED ? before : otherThan(before));
  });

  it('a killed worker is replaced, and the volume arrives', async () => {
    await cloud.worker.kill();
    await cloud.worker.start();
    expect((await cloud.admin.waitForJob(jobId)).jobstatus).toBe(JOB_DONE);
    expect(await expectOnOnePool()).toBe(otherThan(before));
  });

  it('a killed agent goes on when it is back, and the volume arrives', async () => {
    await cloud.agent.kill();
    await cloud.agent.start();
    expect((await cloud.admin.waitForJob(jobId)).jobstatus).toBe(JOB_DONE);
    expect(await expectOnOnePool()).toBe(otherThan(before));
  });

  it('a machine that powers itself off is copied to the end, and starts from there', async () => {
    const hosts = await db().query<{ hostId: string }>('SELECT host_id AS hostId FROM virtual_machine WHERE id = ?', [
      vmId,
    ]);
    await cloud.simulate('POST', `/hosts/${hosts[0]!.hostId}/vms/${vmId}/power`, { power: 'off' });
    expect((await cloud.admin.waitForJob(jobId)).jobstatus).toBe(JOB_DONE);
    await eventually('it is noted as Stopped', async () => (await volume())['vmstate'] === 'Stopped');
    await cloud.admin.callAndWait('startVirtualMachine', { id: vmId });
    expect(await expectOnOnePool()).toBe(otherThan(before));
  });
});
