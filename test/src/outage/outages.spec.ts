/** What happens to operations and hosts while a part is away, and after it is back. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { heartbeatTimeoutMs } from '@durastack/contracts/agent/heartbeat-times';
import { autocommit } from '@durastack/store/database/transaction';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deployParams, eventually, makeBasis, type Basis } from '../support/basis.js';
import { startCloud, type Cloud } from '../support/cloud.js';
import { inconsistenciesOf } from '../support/consistency.js';
import { startRedfish, type TestRedfish } from '../oobm/controllers.js';
import { addHosts, allHeard, declaredSilent, enableHa, fencings, hostStates, suffer, type Outage } from './outages.js';

/** Three missed heartbeats of this, but at least 5 s, and a host counts as silent. */
const HEARTBEAT_MS = 1_000;
const WINDOW_MS = 5_000;
const LIMIT_MS = 300_000;
const JOB_DONE = 1;

let cloud: Cloud;
let basis: Basis;
let controllers: readonly TestRedfish[] = [];
beforeAll(async () => {
  cloud = await startCloud({
    privateDatabase: true,
    settings: { DURASTACK_HEARTBEAT_INTERVAL_MS: String(HEARTBEAT_MS) },
  });
  basis = await makeBasis(cloud, { hosts: 4 });
});
afterAll(async () => {
  await cloud?.stop();
  await Promise.all(controllers.map((controller) => controller.stop()));
});

const countOf = async (states: readonly string[]) =>
  Number(
    (
      await autocommit(cloud.database.source).query<{ count: number }>(
        'SELECT COUNT(*) AS count FROM operation WHERE state IN (?)',
        [states],
      )
    )[0]?.count,
  );

it(
  'the API dies between commit and start: the operation is found in its row and done',
  async () => {
    // A worker that is paused hears no hint and starts nothing; the API dies with what it had committed.
    await cloud.worker.kill('SIGSTOP');
    const { jobid } = await cloud.admin.call('deployVirtualMachine', deployParams(basis));
    expect(await countOf(['granted'])).toBe(1);
    await cloud.api.kill('SIGKILL');
    await cloud.worker.kill('SIGCONT');
    await eventually(
      'the operation has ended without the API',
      async () => (await countOf(['succeeded'])) > 0 && (await countOf(['granted', 'running'])) === 0,
    );
    await cloud.api.start();
    expect((await cloud.admin.waitForJob(String(jobid))).jobstatus).toBe(JOB_DONE);
  },
  LIMIT_MS,
);

it(
  "Temporal's store is lost with many open operations: every one is done, or undone, from its row",
  async () => {
    const OPERATIONS = 30;
    const CANCELLED = 6;
    const { id: fault } = await cloud.simulate('POST', '/faults', {
      ...{ verb: 'ensureVmRunning', point: 'before-effect', action: { kind: 'hold' } },
    });
    const jobs = await Promise.all(
      Array.from({ length: OPERATIONS }, async () =>
        String((await cloud.admin.call('deployVirtualMachine', deployParams(basis)))['jobid']),
      ),
    );
    const held = async () => Number((await cloud.simulate('GET', `/faults/${String(fault)}`))['held']);
    await eventually('many are in the middle of their last step', async () => (await held()) >= OPERATIONS / 2);
    await Promise.all(jobs.slice(0, CANCELLED).map((jobid) => cloud.admin.call('cancelAsyncJob', { jobid })));

    await Promise.all([cloud.worker.kill('SIGKILL'), cloud.temporal.kill('SIGKILL')]);
    for (const file of readdirSync(cloud.directory))
      if (file.startsWith('temporal.db')) rmSync(join(cloud.directory, file));
    expect(await countOf(['granted', 'running'])).toBe(OPERATIONS);
    await cloud.temporal.start();
    await cloud.worker.start();
    await cloud.simulate('DELETE', `/faults/${String(fault)}`);
    const outcomes = await Promise.all(jobs.map(async (jobid) => (await cloud.admin.waitForJob(jobid)).jobstatus));
    expect(outcomes.slice(CANCELLED)).toEqual(Array.from({ length: OPERATIONS - CANCELLED }, () => JOB_DONE));
    expect(await inconsistenciesOf(cloud)).toEqual([]);
  },
  LIMIT_MS,
);

it(
  'API, worker or database away for longer than the detection window under 100 hosts with HA: nobody is declared down, or fenced',
  async () => {
    await addHosts(cloud, basis, 98 - basis.hostIds.length);
    controllers = [await startRedfish(), await startRedfish()];
    const [trapped] = await enableHa(cloud, controllers);
    await allHeard(cloud, WINDOW_MS);
    const before = declaredSilent(cloud);
    const outages: readonly Outage[] = [
      { part: 'api', how: 'paused' },
      { part: 'worker', how: 'paused' },
      { part: 'mariadb', how: 'killed' },
    ];
    for (const outage of outages) {
      await suffer(cloud, outage, WINDOW_MS * 1.25);
      await allHeard(cloud, WINDOW_MS);
      // One whole window, and the time for which a heartbeat may hang, pass before silence counts again; who is declared
      // wrongly is so after that.
      await sleep(WINDOW_MS + heartbeatTimeoutMs(HEARTBEAT_MS) + 1_500);
      expect([outage, await hostStates(cloud)]).toEqual([outage, { Up: 100 }]);
    }
    expect(declaredSilent(cloud)).toBe(before);
    expect(await fencings(cloud)).toBe(0);
    // The trap is armed: what really is silent is found, and fenced.
    await cloud.simulate('POST', `/hosts/${trapped}/power`, { on: false });
    await eventually('a host that really is silent is fenced', async () => (await fencings(cloud)) === 1, LIMIT_MS / 2);
  },
  LIMIT_MS,
);
