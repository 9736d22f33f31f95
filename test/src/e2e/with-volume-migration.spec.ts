/**
 * Moving machines together with disks that one host alone reaches, on a cloud of real processes with simulated hosts:
 * what callers are told, and that machine and disk are in exactly one place.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { autocommit } from '@durastack/store/database/transaction';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deployParams, eventually, itemsOf, makeBasis, objectOf, type Basis } from '../support/basis.js';
import { startCloud, type Cloud } from '../support/cloud.js';
import { inconsistenciesOf } from '../support/consistency.js';

/** Time to do something while the disk is on its way. */
const TRANSFER_MS = 3_000;
const LIMIT_MS = 120_000;
const [JOB_DONE, JOB_FAILED] = [1, 2];

let cloud: Cloud;
let basis: Basis;
let vmId: string;
let volumeId: string;
/** Each host's own pool. */
const own = new Map<string, string>();

beforeAll(async () => {
  cloud = await startCloud({ agentSettings: { DURASTACK_SIMULATOR_TRANSFER_MS: String(TRANSFER_MS) } });
  basis = await makeBasis(cloud, { hosts: 2 });
  for (const hostid of basis.hostIds) {
    const path = join(cloud.directory, `own-${own.size}`);
    mkdirSync(path);
    const params = { zoneid: basis.zoneId, hostid, name: `own-${own.size}`, url: `file://${path}` };
    own.set(hostid, objectOf(await cloud.admin.callAndWait('createStoragePool', params)).id);
  }
  await allocation('Disabled');
  vmId = objectOf(await cloud.admin.callAndWait('deployVirtualMachine', deployParams(basis))).id;
  await allocation('Enabled');
  volumeId = itemsOf(await cloud.admin.call('listVolumes', { virtualmachineid: vmId }))[0]!.id;
}, LIMIT_MS);
afterAll(() => cloud?.stop());

const db = () => autocommit(cloud.database.source);
/** Of the pool that all hosts reach. */
const allocation = (state: string) =>
  db().execute('UPDATE storage_pool SET allocation_state = ? WHERE id = ?', [state, basis.poolId]);
const machine = async () => itemsOf(await cloud.admin.call('listVirtualMachines', { id: vmId }))[0]!;
const volume = async () => itemsOf(await cloud.admin.call('listVolumes', { id: volumeId }))[0]!;
const hostOf = async () => String((await machine())['hostid']);
const otherThan = (hostId: string) => basis.hostIds.find((id) => id !== hostId)!;
const to = (pool: string) => ({ 'migrateto[0].volume': volumeId, 'migrateto[0].pool': pool });
const migrate = async (params: Record<string, string>) =>
  String((await cloud.admin.call('migrateVirtualMachineWithVolume', { virtualmachineid: vmId, ...params }))['jobid']);
const detailOf = async (jobId: string) =>
  (await db().query<{ detail: string | null }>('SELECT step_detail AS detail FROM operation WHERE id = ?', [jobId]))[0]
    ?.detail ?? '';
const copying = (jobId: string) =>
  eventually('it is on its way', async () => /copied \d+ of \d+ MiB/.test(await detailOf(jobId)));

interface SimulatedDisk {
  readonly writtenBy?: string;
  readonly partial?: boolean;
}
interface SimulatedHost {
  readonly vms: Readonly<Record<string, { readonly power: string }>>;
  readonly content: Readonly<Record<string, { readonly volumes: Readonly<Record<string, SimulatedDisk>> }>>;
}
const host = async (id: string) => (await cloud.simulate('GET', `/hosts/${id}`)) as unknown as SimulatedHost;

/** Machine and disk are where they are recorded and nowhere else, and the doctor finds nothing. @returns the host */
async function expectInOnePlace(): Promise<string> {
  await eventually('it is Running', async () => (await machine())['state'] === 'Running');
  const here = await hostOf();
  const [home, other] = [await host(here), await host(otherThan(here))];
  expect([home.vms[vmId]?.power, other.vms[vmId]?.power]).toEqual(['running', undefined]);
  const { storageid, state } = await volume();
  expect([state, storageid]).toEqual(['Ready', own.get(here)]);
  expect(home.content[own.get(here)!]?.volumes[volumeId]?.writtenBy).toBe(vmId);
  expect(other.content[own.get(otherThan(here))!]?.volumes[volumeId]).toBeUndefined();
  for (const table of ['vm_migration', 'volume_copy']) expect(await db().query(`SELECT * FROM ${table}`)).toEqual([]);
  const reserved = await db().query<{ id: string }>(
    'SELECT resource_id AS id FROM reservation WHERE owner_id IN (?, ?) ORDER BY owner_id',
    [vmId, volumeId],
  );
  expect(new Set(reserved.map(({ id }) => id))).toEqual(new Set([here, own.get(here)]));
  expect(await inconsistenciesOf(cloud)).toEqual([]);
  return here;
}

/** A second disk of the machine, on this pool. @returns its id */
async function attachSecond(storageid: string): Promise<string> {
  const [offering] = itemsOf(await cloud.admin.call('listDiskOfferings', { name: 'Custom' }));
  const params = { zoneid: basis.zoneId, diskofferingid: offering!.id, size: '1', name: 'second', storageid };
  const { id } = objectOf(await cloud.admin.callAndWait('createVolume', params));
  await cloud.admin.callAndWait('attachVolume', { id, virtualmachineid: vmId });
  return id;
}

describe('migrateVirtualMachineWithVolume', () => {
  it('moves a running machine and its disk to a host that does not reach it', async () => {
    const here = await hostOf();
    const found = itemsOf(await cloud.admin.call('findHostsForMigration', { virtualmachineid: vmId }));
    expect(found.map((one) => [one.id, one['suitableformigration'], one['requiresStorageMotion']])).toEqual([
      [otherThan(here), true, true],
    ]);
    const plain = await cloud.admin
      .call('migrateVirtualMachine', { virtualmachineid: vmId, hostid: otherThan(here) })
      .then(() => 'accepted', String);
    expect(plain).toContain('migrateVirtualMachineWithVolume');
    const jobId = await migrate({ hostid: otherThan(here), ...to(own.get(otherThan(here))!) });
    await copying(jobId);
    expect([(await machine())['state'], (await volume())['state']]).toEqual(['Migrating', 'Migrating']);
    const job = await cloud.admin.waitForJob(jobId);
    expect(job).toMatchObject({ jobstatus: JOB_DONE });
    expect(objectOf(job.jobresult as Record<string, unknown>)).toMatchObject({ id: vmId, hostid: otherThan(here) });
    expect(await expectInOnePlace()).toBe(otherThan(here));
  });

  it('leaves everything where it was when it is cancelled', async () => {
    const here = await hostOf();
    const jobId = await migrate({ hostid: otherThan(here), ...to(own.get(otherThan(here))!) });
    await copying(jobId);
    await cloud.admin.call('cancelAsyncJob', { jobid: jobId });
    const job = await cloud.admin.waitForJob(jobId);
    expect(job.jobstatus).toBe(JOB_FAILED);
    expect(await expectInOnePlace()).toBe(here);
  });

  it('takes it off a host that is to be maintained, if that is the policy', async () => {
    const here = await hostOf();
    await allocation('Disabled');
    const refused = await cloud.admin.waitForJob(
      String((await cloud.admin.call('prepareHostForMaintenance', { id: here }))['jobid']),
    );
    expect(JSON.stringify(refused.jobresult)).toContain('localstorage=migrate');
    const plan = objectOf(await cloud.admin.call('getHostMaintenancePlan', { id: here, localstorage: 'migrate' }));
    expect(plan).toMatchObject({
      possible: true,
      machines: [{ virtualmachineid: vmId, way: 'migrate-with-volumes', destinationid: otherThan(here) }],
    });
    await cloud.admin.callAndWait('prepareHostForMaintenance', { id: here, localstorage: 'migrate' });
    expect(await expectInOnePlace()).toBe(otherThan(here));
    await cloud.admin.callAndWait('cancelHostMaintenance', { id: here });
    await allocation('Enabled');
  });

  it('moves the disk alone of a stopped machine, which starts from there', async () => {
    const here = await hostOf();
    await cloud.admin.callAndWait('stopVirtualMachine', { id: vmId, forced: 'true' });
    expect(await cloud.admin.waitForJob(await migrate(to(basis.poolId)))).toMatchObject({ jobstatus: JOB_DONE });
    expect([(await machine())['state'], (await volume())['storageid']]).toEqual(['Stopped', basis.poolId]);
    expect((await host(here)).content[own.get(here)!]?.volumes[volumeId]).toBeUndefined();
    const there = otherThan(here);
    expect(await cloud.admin.waitForJob(await migrate(to(own.get(there)!)))).toMatchObject({ jobstatus: JOB_DONE });
    await cloud.admin.callAndWait('startVirtualMachine', { id: vmId });
    expect(await expectInOnePlace()).toBe(there);
  });

  const slow = { timeout: 2 * LIMIT_MS };
  it('sends all disks of a stopped machine to another host, or none, whoever is killed meanwhile', slow, async () => {
    const here = await hostOf();
    const there = otherThan(here);
    await cloud.admin.callAndWait('stopVirtualMachine', { id: vmId, forced: 'true' });
    const secondId = await attachSecond(own.get(here)!);
    // Else the second goes to the one that all reach, as the roomier.
    await allocation('Disabled');
    const places = async (disk = volumeId) =>
      Promise.all([here, there].map(async (id) => (await host(id)).content[own.get(id)!]?.volumes[disk]));
    const alone = await cloud.admin
      .call('migrateVirtualMachineWithVolume', {
        ...{ virtualmachineid: vmId, ...to(own.get(there)!) },
      })
      .then(() => 'accepted', String);
    expect(alone).toContain('no host that is up would reach all its disks then');
    const cancelled = await migrate({ hostid: there });
    await copying(cancelled);
    expect([(await machine())['state'], (await volume())['state']]).toEqual(['Stopped', 'Migrating']);
    const onTheWay = [...(await places()), ...(await places(secondId))].filter((disk) => disk !== undefined);
    expect(onTheWay.filter(({ partial }) => partial === true).length).toBe(1);
    await cloud.admin.call('cancelAsyncJob', { jobid: cancelled });
    expect((await cloud.admin.waitForJob(cancelled)).jobstatus).toBe(JOB_FAILED);
    expect([(await volume())['storageid'], await places()]).toEqual([
      own.get(here),
      [expect.objectContaining({ writtenBy: vmId }), undefined],
    ]);
    expect((await places(secondId))[1]).toBeUndefined();
    const killed = await migrate({ hostid: there });
    await copying(killed);
    for (const part of [cloud.agent, cloud.worker]) {
      await part.kill('SIGKILL');
      await part.start();
    }
    expect(await cloud.admin.waitForJob(killed)).toMatchObject({ jobstatus: JOB_DONE });
    for (const disk of [volumeId, secondId])
      expect(await places(disk)).toEqual([undefined, expect.not.objectContaining({ partial: true })]);
    await cloud.admin.callAndWait('startVirtualMachine', { id: vmId });
    expect(await expectInOnePlace()).toBe(there);
  });
});
