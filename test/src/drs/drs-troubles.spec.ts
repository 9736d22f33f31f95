/** Balancing, and something breaks in the middle: a worker, Temporal with all it knew, a host, the schedule's own work. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createActivities } from '@durastack/activities/infra/drs-schedule.activities';
import { scheduleIdOf } from '@durastack/activities/loops/drs-schedules';
import type { ActivityDependencies } from '@durastack/activities/dependencies';
import { Client, Connection } from '@temporalio/client';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventually, itemsOf, objectOf } from '../support/basis.js';
import { inconsistenciesOf } from '../support/consistency.js';
import { untilLocksAreProven } from '../support/proven-locks.js';
import { DrsCluster, PATIENCE_MS } from './drs-cluster.js';

const LIMIT_MS = 400_000;
const JOB_FAILED = 2;
const at = new DrsCluster(3);
const halves = { 'drs.algorithm': 'balanced', 'drs.imbalance': '1' };

beforeEach(async () => {
  await at.destroyAll();
  for (const [name, value] of Object.entries(halves)) await at.set(name, value);
}, LIMIT_MS);

async function expectConsistent(): Promise<void> {
  expect(await inconsistenciesOf(at.cloud)).toEqual([]);
}

const deployOn = async (hostid: string, count: number, extra: Record<string, string> = {}) => {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) ids.push(await at.deploy({ hostid, ...extra }));
  return ids;
};

/** How often each machine has been sent to another host. */
const timesMoved = async () =>
  (
    await at.db.query<{ times: number }>(
      `SELECT COUNT(*) AS times FROM operation WHERE kind = 'migrateVirtualMachine' AND state = 'succeeded'
        AND resource_id IN (SELECT id FROM virtual_machine WHERE state = 'Running') GROUP BY resource_id`,
    )
  ).map(({ times }) => Number(times));

describe('in the middle of a plan', () => {
  it(
    'a worker is killed: the plan goes on where it was, and nothing is moved twice',
    async () => {
      const [host] = at.basis.hostIds as [string];
      await deployOn(host, 6);
      const plan = await at.generate();
      expect(plan.migrations).toHaveLength(4);
      await at.holdMoves();
      const job = await at.begin({ planid: plan.id });
      await at.untilHeld();
      await at.cloud.worker.kill('SIGKILL');
      await at.releaseMoves();
      await at.cloud.worker.start();
      expect((await at.waitForJob(job)).jobstatus).toBe(1);
      expect((await at.listed(plan.id)).migrations.map(({ jobstatus }) => jobstatus)).toEqual([1, 1, 1, 1]);
      expect(await timesMoved()).toEqual([1, 1, 1, 1]);
      await expectConsistent();
    },
    LIMIT_MS,
  );

  it(
    'Temporal loses its store: the plan is carried out all the same, and the schedule comes back',
    async () => {
      const [host] = at.basis.hostIds as [string];
      const clusterid = at.basis.clusterId;
      await at.set('drs.automatic.interval', '10080');
      await at.set('drs.automatic.enable', 'true');
      const exists = async () => {
        const connection = await Connection.connect({ address: at.cloud.temporalAddress });
        const schedule = new Client({ connection }).schedule.getHandle(scheduleIdOf(clusterid));
        return schedule
          .describe()
          .then(
            () => true,
            () => false,
          )
          .finally(() => connection.close());
      };
      await eventually('the schedule is there', exists);
      await deployOn(host, 3);
      const plan = await at.generate();
      await at.holdMoves();
      const job = await at.begin({ planid: plan.id });
      await at.untilHeld();
      await Promise.all([at.cloud.worker.kill('SIGKILL'), at.cloud.temporal.kill('SIGKILL')]);
      for (const file of readdirSync(at.cloud.directory))
        if (file.startsWith('temporal.db')) rmSync(join(at.cloud.directory, file));
      await at.releaseMoves();
      await at.cloud.temporal.start();
      await at.cloud.worker.start();
      expect((await at.waitForJob(job)).jobstatus).toBe(1);
      expect((await at.listed(plan.id)).status).toBe('COMPLETED');
      await eventually('the schedule is there again', exists);
      await at.call('resetConfiguration', { name: 'drs.automatic.enable', clusterid });
      await eventually('the schedule has gone', async () => !(await exists()));
      await expectConsistent();
    },
    LIMIT_MS,
  );

  it(
    'a host dies: its machines are started elsewhere, the rest of the plan is dropped',
    async () => {
      const [host] = at.basis.hostIds as [string];
      const { id: serviceofferingid } = objectOf(
        await at.call('createServiceOffering', {
          ...{ name: 'ha', displaytext: 'ha', cpunumber: '1', cpuspeed: '500', memory: '128', offerha: 'true' },
        }),
      );
      for (const hostid of at.basis.hostIds) {
        await at.callAndWait('configureHAForHost', { hostid, provider: 'SimulatorHAProvider' });
        await at.callAndWait('enableHAForHost', { hostid });
      }
      const ids = await deployOn(host, 6, { serviceofferingid });
      const plan = await at.generate();
      await at.holdMoves();
      const job = await at.begin({ planid: plan.id });
      await at.untilHeld();
      const haOf = async () =>
        (itemsOf(await at.call('listHostHAResources', { hostid: host }))[0] as unknown as { hastate: string }).hastate;
      await untilLocksAreProven(at.db, at.basis);
      await eventually('the host is watched', async () => (await haOf()) === 'Available', PATIENCE_MS);
      await at.cloud.simulate('POST', `/hosts/${host}/power`, { on: false });
      await at.releaseMoves();
      const ended = await at.waitForJob(job);
      expect(ended.jobstatus).toBe(JOB_FAILED);
      expect(JSON.stringify(ended.jobresult)).toMatch(/Balancing stops/);
      await eventually(
        'every machine runs elsewhere',
        async () => {
          const all = await at.machines();
          return all.length === ids.length && all.every((one) => one['state'] === 'Running' && one['hostid'] !== host);
        },
        LIMIT_MS,
      );
      expect((await at.listed(plan.id)).status).toBe('COMPLETED');
      await eventually('nothing is at work', async () => (await at.openOperations()).length === 0);
      await expectConsistent();
    },
    LIMIT_MS,
  );
});

describe("the schedule's own work", () => {
  const dependencies = () => ({ source: at.cloud.database.source }) as ActivityDependencies;

  it(
    'asks for one operation, however often it is carried out',
    async () => {
      const [, host] = at.basis.hostIds as [string, string];
      await deployOn(host, 3);
      await at.set('drs.automatic.enable', 'true');
      await at.holdMoves();
      try {
        const { balanceCluster } = createActivities(dependencies());
        const clusterId = at.basis.clusterId;
        const all = await Promise.all([1, 2].map(() => balanceCluster({ clusterId })));
        all.push(await balanceCluster({ clusterId }));
        const asked = all.filter(({ operationId }) => operationId !== undefined);
        expect(asked).toHaveLength(1);
        for (const { operationId, outcome } of all)
          if (operationId === undefined) expect(outcome).toMatch(/Not now: The cluster is being balanced/);
        await at.releaseMoves();
        expect((await at.waitForJob(asked[0]!.operationId)).jobstatus).toBe(1);
        expect((await balanceCluster({ clusterId })).outcome).toMatch(/within-threshold|no-move-helps/);
        await at.set('drs.automatic.enable', 'false');
        expect(await balanceCluster({ clusterId })).toEqual({ outcome: 'It is switched off.' });
        expect(await balanceCluster({ clusterId: 'gone' })).toEqual({ outcome: 'There is no such cluster any more.' });
      } finally {
        await at.releaseMoves();
        await at.set('drs.automatic.enable', 'false');
      }
    },
    LIMIT_MS,
  );
});
