/** Balancing simulated hosts with all processes: plans, settings, moves, what is refused, what ends early. */
import { scheduleIdOf } from '@durastack/activities/loops/drs-schedules';
import { Client, Connection } from '@temporalio/client';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventually, itemsOf, objectOf } from '../support/basis.js';
import { DrsCluster, PATIENCE_MS, type Plan } from './drs-cluster.js';

const LIMIT_MS = 400_000;
const JOB_FAILED = 2;
const at = new DrsCluster(2);
const call = (command: string, params: Record<string, string> = {}) => at.call(command, params);

beforeEach(async () => {
  await at.destroyAll();
  await at.set('drs.algorithm', 'balanced');
  await at.set('drs.imbalance', '1');
}, LIMIT_MS);

describe('settings of a cluster', () => {
  it('are listed, changed, put back, and refused out of range', async () => {
    const clusterid = at.basis.clusterId;
    const value = async (name: string) => itemsOf(await call('listConfigurations', { clusterid, name }))[0]?.['value'];
    expect(itemsOf(await call('listConfigurations')).map(({ name }) => name)).toContain('drs.imbalance');
    expect(await at.set('drs.max.migrations', '7')).toMatchObject({ value: '7', defaultvalue: '50', scope: 'Cluster' });
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
      ['drs.metric.type', 'all', /used or free/],
      ['drs.metric.use.ratio', '2', /true or false/],
      ['drs.imbalance.condensed.skip.threshold', '1.01', /number from 0 to 1/],
      ['drs.plan.expire.interval', '7', /one value whatever the cluster/],
      ['drs.unknown', '1', /no setting drs.unknown/],
    ] as const)
      await expect(at.set(name, wrong), `${name}=${wrong}`).rejects.toThrow(why);
    for (const wrong of ['0', '0.5', 'never'])
      await expect(call('updateConfiguration', { name: 'drs.plan.expire.interval', value: wrong })).rejects.toThrow(
        /whole number from 1 to 3650/,
      );
  });
});

describe('settings of all clusters', () => {
  it('count where a cluster has none of its own', async () => {
    const general = { name: 'drs.max.migrations' };
    const clusterid = at.basis.clusterId;
    const value = async (where: Record<string, string>) =>
      itemsOf(await call('listConfigurations', { ...general, ...where }))[0]?.['value'];
    expect(objectOf(await call('updateConfiguration', { ...general, value: '9' }))).toMatchObject({ value: '9' });
    expect([await value({}), await value({ clusterid })]).toEqual(['9', '9']);
    await at.set(general.name, '7');
    expect([await value({}), await value({ clusterid })]).toEqual(['9', '7']);
    for (const where of [{ clusterid }, {}] as Record<string, string>[])
      await call('resetConfiguration', { ...general, ...where });
    expect([await value({}), await value({ clusterid })]).toEqual(['50', '50']);
    const expire = { name: 'drs.plan.expire.interval' };
    expect(objectOf(await call('updateConfiguration', { ...expire, value: '3' }))).toMatchObject({
      ...{ value: '3', defaultvalue: '30', scope: 'Global' },
    });
    await call('resetConfiguration', expire);
    const names = itemsOf(await call('listConfigurations', { clusterid })).map(({ name }) => name);
    expect(names).not.toContain('drs.plan.expire.interval');
  });
});

describe('a plan', () => {
  it(
    'moves nothing until it is carried out, then halves what is on one host, once',
    async () => {
      const [host, other] = at.basis.hostIds as [string, string];
      const ids = [
        await at.deploy({ hostid: host }),
        await at.deploy({ hostid: host }),
        await at.deploy({ hostid: host }),
        await at.deploy({ hostid: host }),
      ];
      const plan = await at.generate();
      expect(plan).toMatchObject({ type: 'MANUAL', status: 'READY' });
      expect(plan.migrations).toHaveLength(2);
      expect(plan.imbalanceafter).toBeLessThan(plan.imbalancebefore);
      for (const id of ids) expect(await at.hostOf(id)).toBe(host);
      const job = await at.execute({ planid: plan.id });
      expect(job.jobstatus, JSON.stringify(job.jobresult)).toBe(1);
      for (const { virtualmachineid } of plan.migrations) expect(await at.hostOf(virtualmachineid)).toBe(other);
      const done = await at.listed(plan.id);
      expect(done.status).toBe('COMPLETED');
      expect(done.migrations.map(({ jobstatus }) => jobstatus)).toEqual([1, 1]);
      await expect(at.execute({ planid: plan.id })).rejects.toThrow(/COMPLETED; generate a new one/);
      expect(await at.generate()).toMatchObject({ status: 'COMPLETED', migrations: [] });
    },
    LIMIT_MS,
  );

  it(
    'passes over a machine that was moved meanwhile, and takes moves that are named',
    async () => {
      const [host, other] = at.basis.hostIds as [string, string];
      const [first, second] = [await at.deploy({ hostid: host }), await at.deploy({ hostid: host })];
      const plan = await at.generate();
      const [move] = plan.migrations;
      await at.callAndWait('migrateVirtualMachine', {
        virtualmachineid: move!.virtualmachineid,
        hostid: other,
      });
      expect((await at.execute({ planid: plan.id })).jobstatus).toBe(1);
      expect((await at.listed(plan.id)).migrations[0]?.skipped).toMatch(/on another host now/);
      const stayed = move!.virtualmachineid === first ? second : first;
      expect((await at.execute({ 'migrateto[0].vm': stayed, 'migrateto[0].host': other })).jobstatus).toBe(1);
      expect(await at.hostOf(stayed)).toBe(other);
      await expect(at.execute({ 'migrateto[0].vm': stayed, 'migrateto[0].host': other })).rejects.toThrow(/already/);
      await expect(at.execute({})).rejects.toThrow(/planid/);
      await expect(at.execute({ planid: at.basis.clusterId })).rejects.toThrow(/no DRS plan/);
    },
    LIMIT_MS,
  );

  it(
    'ends early when a host is taken out of use; a cancel ends it; nothing else may balance meanwhile',
    async () => {
      const [host, other] = at.basis.hostIds as [string, string];
      for (let count = 0; count < 2; count += 1) await at.deploy({ hostid: host });
      const plan = await at.generate();
      await call('updateHost', { id: other, allocationstate: 'Disable' });
      try {
        await expect(at.generate()).rejects.toThrow(/1 of 2 hosts that are up and enabled/);
        const job = await at.execute({ planid: plan.id });
        expect(job.jobstatus).toBe(JOB_FAILED);
        expect(JSON.stringify(job.jobresult)).toMatch(/Balancing stops.*is Disabled now/);
        for (const { id } of await at.machines()) expect(await at.hostOf(String(id))).toBe(host);
      } finally {
        await call('updateHost', { id: other, allocationstate: 'Enable' });
      }
      const again = await at.generate();
      await at.holdMoves();
      const jobid = await at.begin({ planid: again.id });
      await at.untilHeld();
      const third = await at.generate();
      await expect(at.execute({ planid: third.id })).rejects.toThrow(/being balanced by operation/);
      await call('cancelAsyncJob', { jobid });
      await at.releaseMoves();
      expect((await at.waitForJob(jobid)).jobstatus).toBe(JOB_FAILED);
      expect((await at.listed(again.id)).status).toBe('COMPLETED');
      expect(await at.openOperations()).toEqual([]);
    },
    LIMIT_MS,
  );
});

describe('a cluster that balances itself', () => {
  it(
    'has a schedule as long as it is to, which plans and moves',
    async () => {
      const [host, other] = at.basis.hostIds as [string, string];
      const id = at.basis.clusterId;
      const connection = await Connection.connect({ address: at.cloud.temporalAddress });
      const client = new Client({ connection });
      const schedule = client.schedule.getHandle(scheduleIdOf(id));
      const exists = () =>
        schedule.describe().then(
          () => true,
          () => false,
        );
      try {
        for (let count = 0; count < 2; count += 1) await at.deploy({ hostid: host });
        expect(await exists()).toBe(false);
        await at.set('drs.automatic.interval', '10080');
        await at.set('drs.automatic.enable', 'true');
        await eventually('the schedule is there', exists);
        await schedule.trigger();
        const moved = async () => (await at.machines({ hostid: other })).length === 1;
        await eventually('a machine has moved', moved, PATIENCE_MS);
        const [plan] = itemsOf(await call('listClusterDrsPlan', { clusterid: id })) as unknown as Plan[];
        expect(plan?.type).toBe('AUTOMATED');
        await eventually('the plan is over', async () => (await at.listed(plan!.id)).status === 'COMPLETED');
        await call('resetConfiguration', { name: 'drs.automatic.enable', clusterid: id });
        await eventually('the schedule has gone', async () => !(await exists()));
      } finally {
        await connection.close();
      }
    },
    LIMIT_MS,
  );

  it('is planned by what agents measured', async () => {
    await at.deploy({ hostid: at.basis.hostIds[0]! });
    await eventually(
      'the hosts have told what they use',
      async () => (await at.db.query('SELECT 1 FROM host_usage')).length === at.basis.hostIds.length,
    );
  });
});
