/** Balancing simulated hosts with all processes: plans, settings, moves, what is refused, what ends early. */
import { autocommit } from '@durastack/store/database/transaction';
import { scheduleIdOf } from '@durastack/activities/loops/drs-schedules';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deployParams, eventually, itemsOf, makeBasis, objectOf, type Basis } from '../support/basis.js';
import { startCloud, type Cloud } from '../support/cloud.js';

const LIMIT_MS = 120_000;
const JOB_FAILED = 2;

let cloud: Cloud;
let basis: Basis;
beforeAll(async () => {
  cloud = await startCloud();
  basis = await makeBasis(cloud, { hosts: 2 });
}, 300_000);
afterAll(() => cloud?.stop());

interface Move {
  readonly virtualmachineid: string;
  readonly sourcehostid: string;
  readonly destinationhostid: string;
  readonly jobstatus?: number;
  readonly skipped?: string;
}
interface Plan {
  readonly id: string;
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly imbalancebefore: number;
  readonly imbalanceafter: number;
  readonly migrations: readonly Move[];
}

const call = (command: string, params: Record<string, string> = {}) => cloud.admin.call(command, params);
const db = () => autocommit(cloud.database.source);
const clusterId = async () => String(itemsOf(await call('listClusters'))[0]?.id);
const machines = async (where: Record<string, string> = {}) => itemsOf(await call('listVirtualMachines', where));
const hostOf = async (id: string) => (await machines({ id }))[0]?.['hostid'];
const deployOn = async (hostid: string) =>
  String(objectOf(await cloud.admin.callAndWait('deployVirtualMachine', deployParams(basis, { hostid }))).id);
const generate = async (params: Record<string, string> = {}) =>
  objectOf(await call('generateClusterDrsPlan', { id: await clusterId(), ...params })) as unknown as Plan;
const listed = async (id: string) => itemsOf(await call('listClusterDrsPlan', { id }))[0] as unknown as Plan;
const set = async (name: string, value: string) =>
  objectOf(await call('updateConfiguration', { name, value, clusterid: await clusterId() }));
const execute = async (params: Record<string, string>) => {
  const { jobid } = await call('executeClusterDrsPlan', { id: await clusterId(), ...params });
  return cloud.admin.waitForJob(String(jobid));
};

beforeEach(async () => {
  for (const { id } of await machines())
    await cloud.admin.callAndWait('destroyVirtualMachine', { id: String(id), expunge: 'true' });
  await set('drs.algorithm', 'balanced');
  await set('drs.imbalance', '1');
}, LIMIT_MS);

describe('settings of a cluster', () => {
  it('are listed, changed, put back, and refused out of range', async () => {
    const clusterid = await clusterId();
    const value = async (name: string) => itemsOf(await call('listConfigurations', { clusterid, name }))[0]?.['value'];
    expect(itemsOf(await call('listConfigurations')).map(({ name }) => name)).toContain('drs.imbalance');
    expect(await set('drs.max.migrations', '7')).toMatchObject({ value: '7', defaultvalue: '50', scope: 'Cluster' });
    expect(await value('drs.max.migrations')).toBe('7');
    await call('resetConfiguration', { name: 'drs.max.migrations', clusterid });
    expect(await value('drs.max.migrations')).toBe('50');
    for (const [name, wrong, why] of [
      ['drs.imbalance', '1.5', /number from 0 to 1, not "1.5"/],
      ['drs.imbalance', 'much', /number from 0 to 1/],
      ['drs.algorithm', 'clever', /condensed or balanced/],
      ['drs.max.migrations', '0', /whole number from 1 to 1000/],
      ['drs.automatic.interval', '1.5', /whole number/],
      ['drs.automatic.enable', 'perhaps', /true or false/],
      ['drs.unknown', '1', /no setting drs.unknown/],
    ] as const)
      await expect(set(name, wrong), `${name}=${wrong}`).rejects.toThrow(why);
    await expect(call('updateConfiguration', { name: 'drs.imbalance', value: '1' })).rejects.toThrow(/clusterid/);
  });
});

describe('a plan', () => {
  it(
    'moves nothing until it is carried out, then halves what is on one host, once',
    async () => {
      const [host, other] = basis.hostIds as [string, string];
      const ids = [await deployOn(host), await deployOn(host), await deployOn(host), await deployOn(host)];
      const plan = await generate();
      expect(plan).toMatchObject({ type: 'MANUAL', status: 'READY' });
      expect(plan.migrations).toHaveLength(2);
      expect(plan.imbalanceafter).toBeLessThan(plan.imbalancebefore);
      for (const id of ids) expect(await hostOf(id)).toBe(host);
      const job = await execute({ planid: plan.id });
      expect(job.jobstatus, JSON.stringify(job.jobresult)).toBe(1);
      for (const { virtualmachineid } of plan.migrations) expect(await hostOf(virtualmachineid)).toBe(other);
      const done = await listed(plan.id);
      expect(done.status).toBe('COMPLETED');
      expect(done.migrations.map(({ jobstatus }) => jobstatus)).toEqual([1, 1]);
      await expect(execute({ planid: plan.id })).rejects.toThrow(/COMPLETED; generate a new one/);
      expect(await generate()).toMatchObject({ status: 'COMPLETED', migrations: [] });
    },
    LIMIT_MS,
  );

  it(
    'passes over a machine that was moved meanwhile, and takes moves that are named',
    async () => {
      const [host, other] = basis.hostIds as [string, string];
      const [first, second] = [await deployOn(host), await deployOn(host)];
      const plan = await generate();
      const [move] = plan.migrations;
      await cloud.admin.callAndWait('migrateVirtualMachine', {
        virtualmachineid: move!.virtualmachineid,
        hostid: other,
      });
      expect((await execute({ planid: plan.id })).jobstatus).toBe(1);
      expect((await listed(plan.id)).migrations[0]?.skipped).toMatch(/on another host now/);
      const stayed = move!.virtualmachineid === first ? second : first;
      expect((await execute({ 'migrateto[0].vm': stayed, 'migrateto[0].host': other })).jobstatus).toBe(1);
      expect(await hostOf(stayed)).toBe(other);
      await expect(execute({ 'migrateto[0].vm': stayed, 'migrateto[0].host': other })).rejects.toThrow(/already/);
      await expect(execute({})).rejects.toThrow(/planid/);
      await expect(execute({ planid: await clusterId() })).rejects.toThrow(/no DRS plan/);
    },
    LIMIT_MS,
  );

  it(
    'ends early when a host is taken out of use; a cancel ends it; nothing else may balance meanwhile',
    async () => {
      const [host, other] = basis.hostIds as [string, string];
      for (let count = 0; count < 2; count += 1) await deployOn(host);
      const plan = await generate();
      await call('updateHost', { id: other, allocationstate: 'Disable' });
      try {
        await expect(generate()).rejects.toThrow(/1 of 2 hosts that are up and enabled/);
        const job = await execute({ planid: plan.id });
        expect(job.jobstatus).toBe(JOB_FAILED);
        expect(JSON.stringify(job.jobresult)).toMatch(/Balancing stops.*is Disabled now/);
        for (const { id } of await machines()) expect(await hostOf(String(id))).toBe(host);
      } finally {
        await call('updateHost', { id: other, allocationstate: 'Enable' });
      }
      const again = await generate();
      const { id: fault } = await cloud.simulate('POST', '/faults', {
        ...{ verb: 'sendVm', point: 'before-effect', action: { kind: 'hold' } },
      });
      const { jobid } = await call('executeClusterDrsPlan', { id: await clusterId(), planid: again.id });
      const held = async () => Number((await cloud.simulate('GET', `/faults/${String(fault)}`))['held']) > 0;
      await eventually('a move is under way', held);
      const third = await generate();
      await expect(execute({ planid: third.id })).rejects.toThrow(/being balanced by operation/);
      await call('cancelAsyncJob', { jobid: String(jobid) });
      await cloud.simulate('DELETE', `/faults/${String(fault)}`);
      expect((await cloud.admin.waitForJob(String(jobid))).jobstatus).toBe(JOB_FAILED);
      expect((await listed(again.id)).status).toBe('COMPLETED');
      const open = await db().query(
        "SELECT id FROM operation WHERE state IN ('queued', 'granted', 'running', 'needs-attention')",
      );
      expect(open).toEqual([]);
    },
    LIMIT_MS,
  );
});

describe('a cluster that balances itself', () => {
  it(
    'has a schedule as long as it is to, which plans and moves',
    async () => {
      const [host, other] = basis.hostIds as [string, string];
      const id = await clusterId();
      const connection = await Connection.connect({ address: cloud.temporalAddress });
      const client = new Client({ connection });
      const schedule = client.schedule.getHandle(scheduleIdOf(id));
      const exists = () =>
        schedule.describe().then(
          () => true,
          () => false,
        );
      try {
        for (let count = 0; count < 2; count += 1) await deployOn(host);
        expect(await exists()).toBe(false);
        await set('drs.automatic.interval', '10080');
        await set('drs.automatic.enable', 'true');
        await eventually('the schedule is there', exists);
        await schedule.trigger();
        await eventually('a machine has moved', async () => (await machines({ hostid: other })).length === 1);
        const [plan] = itemsOf(await call('listClusterDrsPlan', { clusterid: id })) as unknown as Plan[];
        expect(plan?.type).toBe('AUTOMATED');
        await eventually('the plan is over', async () => (await listed(plan!.id)).status === 'COMPLETED');
        await call('resetConfiguration', { name: 'drs.automatic.enable', clusterid: id });
        await eventually('the schedule has gone', async () => !(await exists()));
      } finally {
        await connection.close();
      }
    },
    LIMIT_MS,
  );

  it('is planned by what agents measured', async () => {
    await deployOn(basis.hostIds[0]!);
    await eventually(
      'the hosts have told what they use',
      async () => (await db().query('SELECT 1 FROM host_usage')).length === basis.hostIds.length,
    );
  });
});
