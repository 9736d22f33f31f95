/**
 * HA on a cloud of real processes with simulated hosts: who is fenced and who is not, what becomes of machines and of
 * what was asked of them, and how a host comes back.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/basis.js';
import { HaCloud } from './ha-cloud.js';

const LIMIT_MS = 180_000;
const LONG_MS = 90_000;
const JOB_DONE = 1;
const JOB_FAILED = 2;

let ha: HaCloud;
beforeAll(async () => {
  ha = await HaCloud.start({ hosts: 3 });
}, LIMIT_MS);
afterAll(() => ha?.stop());

const alertsOf = async (hostId: string) =>
  (
    await ha.db.query<{ text: string }>(
      'SELECT description AS text FROM alert WHERE resource_id = ? AND open_key IS NOT NULL',
      [hostId],
    )
  ).map(({ text }) => text);
const failOvers = () =>
  ha.db.query<{ id: string; state: string }>("SELECT id, state FROM operation WHERE kind = 'failOverHost'");

describe('a host that loses its power', () => {
  it(
    'is fenced once its machines are proven dead; these run elsewhere, and it comes back clean',
    async () => {
      const [lost] = ha.basis.hostIds as [string];
      const vmId = await ha.deploy(lost);
      const plain = await ha.deploy(lost, { serviceofferingid: ha.basis.offeringId });
      const busy = await ha.deploy(lost);
      // As where the pool's file system keeps no locks: nothing but an operator's word can prove them dead.
      await ha.db.execute("UPDATE host_pool SET locks = 'not proven', tried_at = NOW(3) WHERE locks = 'proven'");
      await ha.setPower(lost, false);
      // One runs into the host's death, the other waits behind it.
      const reboots: string[] = [];
      for (let count = 0; count < 2; count += 1)
        reboots.push(String((await ha.cloud.admin.call('rebootVirtualMachine', { id: busy }))['jobid']));
      await ha.until(lost, 'Fencing');
      expect((await ha.of(lost)).hareason).toMatch(/proof is being obtained|see nothing of it/);
      // Asked for twice more, by hand: there is one fencing.
      const one = await eventually('its fencing being asked for', async () => (await failOvers())[0]);
      for (let count = 0; count < 2; count += 1)
        expect(await ha.cloud.admin.call('failOverHost', { id: lost })).toMatchObject({ jobid: one.id });
      // Without proof nothing is started, and an operator is told what would help.
      await eventually('an alert', async () => (await alertsOf(lost)).length > 0, LONG_MS);
      // One for the host, not one for each machine.
      expect(await alertsOf(lost)).toEqual([
        expect.stringMatching(/^3 machines \(.*\) were on .*, and wait: no proof yet: .*declareHostLost/),
      ]);
      expect(await ha.machine(vmId)).toMatchObject({ state: 'Running', hostid: lost });
      await ha.cloud.admin.call('declareHostLost', { id: lost });
      await eventually(
        'it running elsewhere',
        async () => {
          const { state, hostid } = await ha.machine(vmId);
          return state === 'Running' && hostid !== lost;
        },
        LONG_MS,
      );
      await eventually(
        'the other being stopped',
        async () => (await ha.machine(plain))['state'] === 'Stopped',
        LONG_MS,
      );
      expect((await ha.machine(plain))['hostid']).toBeUndefined();
      // Both end, the second one where HA has started the machine meanwhile.
      const ends = await Promise.all(reboots.map((id) => ha.cloud.admin.waitForJob(id)));
      expect(ends.map(({ jobstatus }) => jobstatus)).toEqual([JOB_FAILED, JOB_DONE]);
      expect(await ha.machine(busy)).toMatchObject({ state: 'Running' });
      const order = await ha.db.query<{ kind: string }>(
        "SELECT kind FROM operation WHERE resource_id = ? AND kind <> 'deployVirtualMachine' ORDER BY started_at",
        [busy],
      );
      expect(order.map(({ kind }) => kind)).toEqual([
        'rebootVirtualMachine',
        'failOverVirtualMachine',
        'rebootVirtualMachine',
      ]);
      await eventually('the end of it', async () => (await failOvers())[0]?.state === 'succeeded', LONG_MS);
      expect(await ha.host(lost)).toMatchObject({ state: 'Down', hostha: { hastate: 'Fenced', haenable: true } });
      await ha.setPower(lost, true);
      await ha.until(lost, 'Available');
      expect(await ha.host(lost)).toMatchObject({ state: 'Up' });
      expect(await ha.machinesOn(lost)).toEqual({});
      expect(await ha.db.query('SELECT * FROM host_obligation')).toEqual([]);
      expect(await ha.inconsistencies()).toEqual([]);
    },
    LIMIT_MS,
  );
});

describe('what is no death', () => {
  it(
    'a host that was cut off and is heard again before anything is proven: its machines run on',
    async () => {
      const [, cut] = ha.basis.hostIds as [string, string];
      const vmId = await ha.deploy(cut);
      const before = (await failOvers()).length;
      await ha.setNetwork(cut, false);
      await ha.until(cut, 'Fencing');
      await ha.setNetwork(cut, true);
      await ha.until(cut, 'Available');
      await eventually('the end of it', async () => {
        const ended = await failOvers();
        return ended.length > before && ended.every(({ state }) => ['succeeded', 'failed'].includes(state));
      });
      expect(await ha.machine(vmId)).toMatchObject({ state: 'Running', hostid: cut });
      expect(await ha.host(cut)).toMatchObject({ state: 'Up' });
      expect(await ha.db.query('SELECT host_id FROM host_fence')).toEqual([]);
      expect(await ha.inconsistencies()).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'a host for which HA is off: it is missed, and nothing follows',
    async () => {
      const [, , off] = ha.basis.hostIds as [string, string, string];
      const vmId = await ha.deploy(off);
      const before = (await failOvers()).length;
      await ha.cloud.admin.callAndWait('disableHAForHost', { hostid: off });
      await ha.setPower(off, false);
      await eventually('it being missed', async () => (await ha.host(off))['state'] === 'Disconnected', LONG_MS);
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      expect(await failOvers()).toHaveLength(before);
      expect(await ha.machine(vmId)).toMatchObject({ state: 'Running', hostid: off });
      await ha.setPower(off, true);
      await eventually('it being used again', async () => (await ha.host(off))['state'] === 'Up', LONG_MS);
      await ha.cloud.admin.callAndWait('enableHAForHost', { hostid: off });
      await eventually('its machine running', async () => (await ha.machine(vmId))['state'] === 'Running', LONG_MS);
    },
    LIMIT_MS,
  );

  it(
    'a host that only its storage hears of: it is cut off, not dead, and nothing happens to it',
    async () => {
      const [, cut] = ha.basis.hostIds as [string, string];
      const vmId = await ha.deploy(cut);
      const before = (await failOvers()).length;
      await ha.setNetwork(cut, false, true);
      await ha.until(cut, 'Degraded');
      expect((await ha.of(cut)).hareason).toMatch(/but it lives: it writes to the pool /);
      await ha.setNetwork(cut, true);
      await ha.until(cut, 'Available');
      expect(await failOvers()).toHaveLength(before);
      expect(await ha.machine(vmId)).toMatchObject({ state: 'Running', hostid: cut });
    },
    LIMIT_MS,
  );

  it(
    'a host that comes and goes: it has to be silent for longer each time, and an alert says so',
    async () => {
      const [, flapping] = ha.basis.hostIds as [string, string];
      const vmId = await ha.deploy(flapping);
      const before = (await failOvers()).length;
      // It did so twice a moment ago.
      await ha.db.execute('UPDATE host_ha SET falls = 2, fell_at = NOW(3) WHERE id = ?', [flapping]);
      await ha.setNetwork(flapping, false);
      await eventually(
        'longer silence being needed',
        async () => /longer because it fell silent 3 times lately/.test((await ha.of(flapping)).hareason ?? ''),
        LONG_MS,
      );
      expect(await alertsOf(flapping)).toEqual([expect.stringMatching(/has fallen silent 3 times/)]);
      // For longer than any other host would be left alone.
      await new Promise((resolve) => setTimeout(resolve, 7_000));
      expect((await ha.of(flapping)).hastate).toBe('Suspect');
      await ha.setNetwork(flapping, true);
      await ha.until(flapping, 'Available');
      expect(await failOvers()).toHaveLength(before);
      expect(await ha.machine(vmId)).toMatchObject({ state: 'Running', hostid: flapping });
      await ha.db.execute('UPDATE host_ha SET falls = 0, fell_at = NULL WHERE id = ?', [flapping]);
    },
    LIMIT_MS,
  );

  it(
    'agents that are away, all of them: nobody has seen anything, so nobody is fenced',
    async () => {
      const before = (await failOvers()).length;
      await ha.cloud.agent.kill();
      for (const id of ha.basis.hostIds) await ha.until(id, 'Checking');
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      for (const id of ha.basis.hostIds) expect((await ha.of(id)).hareason).toMatch(/no neighbour is heard/);
      await ha.cloud.agent.start();
      for (const id of ha.basis.hostIds) await ha.until(id, 'Available');
      expect(await failOvers()).toHaveLength(before);
    },
    LIMIT_MS,
  );

  it(
    'a control plane that was away for longer than any host may be silent',
    async () => {
      const before = (await failOvers()).length;
      await ha.cloud.api.kill();
      await new Promise((resolve) => setTimeout(resolve, 12_000));
      await ha.cloud.api.start();
      await ha.cloud.worker.kill();
      await new Promise((resolve) => setTimeout(resolve, 12_000));
      await ha.cloud.worker.start();
      await new Promise((resolve) => setTimeout(resolve, 8_000));
      for (const id of ha.basis.hostIds) expect((await ha.of(id)).hastate).toBe('Available');
      expect(await failOvers()).toHaveLength(before);
    },
    LIMIT_MS,
  );
});

describe('a machine that ends without having been asked to', () => {
  const powerOf = (hostId: string, vmId: string, body: object) =>
    ha.cloud.simulate('POST', `/hosts/${hostId}/vms/${vmId}/power`, body);
  const starts = (vmId: string) =>
    ha.db.query("SELECT id FROM operation WHERE resource_id = ? AND kind = 'startVirtualMachine'", [vmId]);

  it(
    'because it crashes on a host that lives, is started again; not one that its guest has shut down',
    async () => {
      const [, , hostId] = ha.basis.hostIds as [string, string, string];
      const [crashed, shut] = [await ha.deploy(hostId), await ha.deploy(hostId)];
      await powerOf(hostId, shut, { power: 'off' });
      await powerOf(hostId, crashed, { power: 'off', crashed: true });
      await eventually('its start', async () => (await starts(crashed)).length === 1, LONG_MS);
      await eventually('it running', async () => (await ha.machine(crashed))['state'] === 'Running', LONG_MS);
      expect(await ha.machine(shut)).toMatchObject({ state: 'Stopped' });
      expect(await starts(shut)).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'because its host was started anew while nobody looked, is started again',
    async () => {
      const [, , hostId] = ha.basis.hostIds as [string, string, string];
      const vmId = await ha.deploy(hostId);
      await ha.cloud.worker.kill();
      await ha.setPower(hostId, false);
      await ha.setPower(hostId, true);
      await ha.cloud.worker.start();
      await eventually('its start', async () => (await starts(vmId)).length > 0, LONG_MS);
      await eventually('it running', async () => (await ha.machine(vmId))['state'] === 'Running', LONG_MS);
      expect(await ha.inconsistencies()).toEqual([]);
    },
    LIMIT_MS,
  );
});
