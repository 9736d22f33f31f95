/** Maintenance of simulated hosts with all processes: who leaves, who cannot, cancel at work, rolling over a cluster. */
import { whatIf } from '@durastack/cli/commands/whatif.command';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventually, itemsOf, objectOf } from '../support/basis.js';
import { HostsInACloud } from '../support/hosts-in-a-cloud.js';

const LIMIT_MS = 120_000;
const JOB_FAILED = 2;
const at = new HostsInACloud(3);
const call = (command: string, params: Record<string, string> = {}) => at.call(command, params);
const callAndWait = (command: string, params: Record<string, string>) => at.callAndWait(command, params);
const resourceState = async (id: string) => itemsOf(await call('listHosts', { id }))[0]?.['resourcestate'];

beforeEach(async () => {
  await at.destroyAll();
  for (const id of at.basis.hostIds)
    if ((await resourceState(id)) !== 'Enabled') await callAndWait('cancelHostMaintenance', { id });
}, LIMIT_MS);

describe('a host', () => {
  it(
    'is emptied, takes nothing, and is used again',
    async () => {
      const [host] = at.basis.hostIds as [string];
      const there = await Promise.all([1, 2, 3].map(() => at.deploy({ hostid: host })));
      const plan = objectOf(await call('getHostMaintenancePlan', { id: host }));
      expect(plan['possible']).toBe(true);
      expect((plan['machines'] as { virtualmachineid: string }[]).map((one) => one.virtualmachineid).sort()).toEqual(
        [...there].sort(),
      );
      const done = objectOf(await callAndWait('prepareHostForMaintenance', { id: host, movesatonce: '2' }));
      expect(done['resourcestate']).toBe('Maintenance');
      for (const id of there) {
        expect(await at.hostOf(id)).not.toBe(host);
        expect((await at.machines({ id }))[0]?.['state']).toBe('Running');
      }
      for (const id of await Promise.all([1, 2, 3, 4].map(() => at.deploy())))
        expect(await at.hostOf(id)).not.toBe(host);
      await expect(call('updateHost', { id: host, allocationstate: 'Enable' })).rejects.toThrow(/maintenance/);
      expect(await at.failureOf('prepareHostForMaintenance', { id: host })).toMatch(/Maintenance/);
      await callAndWait('cancelHostMaintenance', { id: host });
      expect(await resourceState(host)).toBe('Enabled');
    },
    LIMIT_MS,
  );

  it(
    'whose machines have nowhere to go stays as it was, and says why before anything moves',
    async () => {
      const [host, ...others] = at.basis.hostIds as [string, string, string];
      const id = await at.deploy({ hostid: host });
      for (const other of others) await call('updateHost', { id: other, allocationstate: 'Disable' });
      try {
        const plan = objectOf(await call('getHostMaintenancePlan', { id: host }));
        expect(plan['possible']).toBe(false);
        expect(JSON.stringify(plan['machines'])).toMatch(/2 disabled for new machines/);
        expect(await at.failureOf('prepareHostForMaintenance', { id: host })).toMatch(
          /cannot leave the host.*2 disabled for new machines/,
        );
        expect(await resourceState(host)).toBe('Enabled');
        expect(await at.hostOf(id)).toBe(host);
      } finally {
        for (const other of others) await call('updateHost', { id: other, allocationstate: 'Enable' });
      }
    },
    LIMIT_MS,
  );

  it(
    'that is being emptied is used again when that is cancelled; what waited to move stays, what moved has moved',
    async () => {
      const [host] = at.basis.hostIds as [string];
      const there = await Promise.all([1, 2, 3].map(() => at.deploy({ hostid: host })));
      const { id: fault } = await at.cloud.simulate('POST', '/faults', {
        ...{ verb: 'sendVm', point: 'before-effect', action: { kind: 'hold' } },
      });
      const { jobid } = await call('prepareHostForMaintenance', { id: host, movesatonce: '1' });
      const held = async () => Number((await at.cloud.simulate('GET', `/faults/${String(fault)}`))['held']) > 0;
      await eventually('a move is under way', held);
      expect(await resourceState(host)).toBe('PrepareForMaintenance');
      const again = await call('prepareHostForMaintenance', { id: host });
      expect(again['jobid'], 'a second wish joins the first').toBe(jobid);
      const cancelled = callAndWait('cancelHostMaintenance', { id: host });
      await eventually('the cancel is known', async () => {
        const [row] = await at.db.query<{ at: unknown }>(
          'SELECT cancel_requested_at AS at FROM operation WHERE id = ?',
          [jobid],
        );
        return row?.at !== null;
      });
      await at.cloud.simulate('DELETE', `/faults/${String(fault)}`);
      await cancelled;
      expect((await at.waitForJob(jobid)).jobstatus).toBe(JOB_FAILED);
      expect(await resourceState(host)).toBe('Enabled');
      for (const id of there) expect((await at.machines({ id }))[0]?.['state']).toBe('Running');
      expect(await at.openOperations()).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'with local storage: refused, or its machines are stopped',
    async () => {
      const [host] = at.basis.hostIds as [string];
      const id = await at.deploy({ hostid: host });
      const { db } = at;
      await db.execute('UPDATE storage_pool SET host_id = ? WHERE id = ?', [host, at.basis.poolId]);
      try {
        expect(await at.failureOf('prepareHostForMaintenance', { id: host })).toMatch(/disk on storage of this host/);
        await callAndWait('prepareHostForMaintenance', { id: host, localstorage: 'stop' });
        expect((await at.machines({ id }))[0]?.['state']).toBe('Stopped');
        expect(await resourceState(host)).toBe('Maintenance');
      } finally {
        await db.execute('UPDATE storage_pool SET host_id = NULL WHERE id = ?', [at.basis.poolId]);
      }
    },
    LIMIT_MS,
  );

  it('that is not there, or is not in maintenance, is said so', async () => {
    const absent = '00000000-0000-4000-8000-000000000001';
    for (const command of [
      'prepareHostForMaintenance',
      'cancelHostMaintenance',
      'maintainHost',
      'getHostMaintenancePlan',
      'getHostFailurePlan',
    ])
      await expect(call(command, { id: absent })).rejects.toThrow(/entity does not exist/);
    const [id] = at.basis.hostIds as [string];
    await callAndWait('cancelHostMaintenance', { id });
    expect(await resourceState(id)).toBe('Enabled');
  });
});

describe('a host that would be lost', () => {
  it(
    'leaves machines that find room by priority, some that find none, and some that wait',
    async () => {
      const [host, other, third] = at.basis.hostIds as [string, string, string];
      const size = { displaytext: 'ha', cpunumber: '1', cpuspeed: '100', memory: '128', offerha: 'true' };
      const usual = objectOf(await call('createServiceOffering', { ...size, name: 'usual' })).id;
      const vital = objectOf(await call('createServiceOffering', { ...size, name: 'vital', hapriority: '9' })).id;
      const there = (name: string, serviceofferingid: string) => at.deploy({ hostid: host, name, serviceofferingid });
      await there('plain', at.basis.offeringId);
      await there('web', usual);
      const db = await there('db', vital);
      const huge = await there('huge', vital);
      await call('updateVirtualMachine', { id: huge, hapriority: '7' });
      await at.db.execute('UPDATE virtual_machine SET memory_mib = ? WHERE id = ?', [10_000_000, huge]);
      await call('updateHost', { id: third, allocationstate: 'Disable' });
      try {
        const name = (await at.machines({ id: db }))[0]?.['hostname'];
        const lost = await whatIf(at.cloud.admin, ['host-down', String(name)]);
        expect(lost.fine).toBe(false);
        expect(lost.lines.join('\n')).toMatch(
          /HA was not configured.*2 machines would be restarted, in this order:\n {2}db → .*, priority 9\n {2}web → .*, priority 5\n1 machine would find no room:\n {2}huge: .*lacks? memory.*\n1 machine would wait for the host:\n {2}plain: /s,
        );
        const planned = (lost.answer as { machines: Record<string, unknown>[] }).machines;
        expect(planned.slice(0, 3).map(({ destinationid }) => destinationid)).toEqual([other, undefined, other]);
        const drained = await whatIf(at.cloud.admin, ['maintenance', host]);
        expect(drained.lines).toContainEqual(expect.stringContaining('1 machine could not leave'));
        for (const id of [db, huge]) expect(await at.hostOf(id)).toBe(host);
        const balanced = await whatIf(at.cloud.admin, ['drs', at.basis.clusterId]);
        expect(balanced.lines[0]).toMatch(/were balanced now \(.*\): imbalance \d/);
        await expect(whatIf(at.cloud.admin, ['host-down', 'nowhere'])).rejects.toThrow(
          /no one host "nowhere"; there are: /,
        );
      } finally {
        await call('updateHost', { id: third, allocationstate: 'Enable' });
      }
    },
    LIMIT_MS,
  );
});

describe('rolling maintenance', () => {
  it(
    'takes every host of a cluster in turn, and says what it did',
    async () => {
      const before = await Promise.all([1, 2, 3].map(() => at.deploy()));
      const { jobid } = await call('startRollingMaintenance', { clusterids: at.basis.clusterId });
      const job = await at.waitForJob(jobid);
      expect(job).toMatchObject({ jobstatus: 1 });
      const result = objectOf(job.jobresult as Record<string, unknown>);
      expect(result).toMatchObject({ success: true, hostsskipped: [] });
      expect((result['hostsupdated'] as { hostid: string }[]).map(({ hostid }) => hostid).sort()).toEqual(
        [...at.basis.hostIds].sort(),
      );
      for (const id of before) expect((await at.machines({ id }))[0]?.['state']).toBe('Running');
      for (const id of at.basis.hostIds) expect(await resourceState(id)).toBe('Enabled');
    },
    LIMIT_MS,
  );

  it(
    'passes over a host whose script avoids it, stops at one that fails, and goes on when forced',
    async () => {
      const hostids = at.basis.hostIds.join(',');
      const [first, second] = at.basis.hostIds as [string, string];
      const refuse = (hostId: string, code: string) =>
        at.cloud.simulate('POST', '/faults', {
          ...{ hostId, verb: 'runMaintenanceHook', point: 'before-effect', times: 1 },
          action: { kind: 'refuse', code, message: 'the script said no' },
        });
      await refuse(first, 'NOT_ALLOWED_IN_STATE');
      const passed = await at.waitForJob((await call('startRollingMaintenance', { hostids }))['jobid']);
      expect(objectOf(passed.jobresult as Record<string, unknown>)).toMatchObject({
        hostsskipped: [{ hostid: first, reason: expect.stringContaining('the script said no') as unknown }],
      });
      await refuse(second, 'STEP_REFUSED');
      expect(await at.failureOf('startRollingMaintenance', { hostids })).toMatch(/stops.*the script said no/);
      await refuse(second, 'STEP_REFUSED');
      const forced = await at.waitForJob((await call('startRollingMaintenance', { hostids, forced: 'true' }))['jobid']);
      expect(objectOf(forced.jobresult as Record<string, unknown>)['hostsskipped']).toMatchObject([{ hostid: second }]);
      for (const id of at.basis.hostIds) expect(await resourceState(id)).toBe('Enabled');
    },
    LIMIT_MS,
  );

  it('names what is wrong with what is named', async () => {
    const absent = '00000000-0000-4000-8000-000000000001';
    await expect(call('startRollingMaintenance', {})).rejects.toThrow(/Name one of/);
    const both = { hostids: at.basis.hostIds[0]!, clusterids: at.basis.clusterId };
    await expect(call('startRollingMaintenance', both)).rejects.toThrow(/Name one of/);
    await expect(call('startRollingMaintenance', { hostids: absent })).rejects.toThrow(/entity does not exist/);
    await expect(call('startRollingMaintenance', { podids: absent })).rejects.toThrow(/no host/);
  });
});
