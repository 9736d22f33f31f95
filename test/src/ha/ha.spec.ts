/**
 * HA on a cloud of real processes with simulated hosts: who is fenced and who is not, what becomes of machines and of
 * what was asked of them, and how a host comes back.
 */
import { join } from 'node:path';
import { autocommit } from '@durastack/store/database/transaction';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectAgents } from '../chaos/agents.js';
import { deployParams, eventually, itemsOf, makeBasis, objectOf, type Basis } from '../support/basis.js';
import { startCloud, type Cloud } from '../support/cloud.js';
import { findInconsistencies } from '../support/consistency.js';

const LIMIT_MS = 180_000;
const LONG_MS = 90_000;
const JOB_DONE = 1;
const JOB_FAILED = 2;

let cloud: Cloud;
let basis: Basis;
let haOffering: string;
beforeAll(async () => {
  cloud = await startCloud();
  basis = await makeBasis(cloud, { hosts: 3 });
  const offering = { name: 'ha', displaytext: 'ha', cpunumber: '1', cpuspeed: '500', memory: '128', offerha: 'true' };
  haOffering = objectOf(await cloud.admin.call('createServiceOffering', offering)).id;
  for (const hostid of basis.hostIds) {
    await cloud.admin.callAndWait('configureHAForHost', { hostid, provider: 'SimulatorHAProvider' });
    await cloud.admin.callAndWait('enableHAForHost', { hostid });
  }
}, LIMIT_MS);
afterAll(() => cloud?.stop());

const db = () => autocommit(cloud.database.source);
const haOf = async (hostid: string) =>
  itemsOf(await cloud.admin.call('listHostHAResources', { hostid }))[0] as unknown as {
    hastate: string;
    hareason?: string;
  };
const hostOf = async (id: string) => itemsOf(await cloud.admin.call('listHosts', { id }))[0]!;
const machine = async (id: string) => itemsOf(await cloud.admin.call('listVirtualMachines', { id }))[0]!;
const deploy = async (hostid: string, extra: Record<string, string> = {}) =>
  objectOf(
    await cloud.admin.callAndWait(
      'deployVirtualMachine',
      deployParams(basis, { serviceofferingid: haOffering, hostid, ...extra }),
    ),
  ).id;
const setPower = (hostId: string, on: boolean) => cloud.simulate('POST', `/hosts/${hostId}/power`, { on });
const setNetwork = (hostId: string, on: boolean, storage = false) =>
  cloud.simulate('POST', `/hosts/${hostId}/network`, { on, storage });
const untilHa = (hostId: string, state: string) =>
  eventually(`HA of the host being ${state}`, async () => (await haOf(hostId)).hastate === state, LONG_MS).catch(
    async (error: unknown) => expect.fail(`${String(error)} ${JSON.stringify(await haOf(hostId))}`),
  );
const alertsOf = async (hostId: string) =>
  (
    await db().query<{ text: string }>(
      'SELECT description AS text FROM alert WHERE resource_id = ? AND open_key IS NOT NULL',
      [hostId],
    )
  ).map(({ text }) => text);
const failOvers = () =>
  db().query<{ id: string; state: string }>("SELECT id, state FROM operation WHERE kind = 'failOverHost'");

async function expectConsistent(): Promise<void> {
  const client = await connectAgents(cloud.database.source, join(cloud.directory, 'data.key'));
  const found = await findInconsistencies(cloud.database.source, client).finally(() => client.close());
  expect(found).toEqual([]);
}

describe('a host that loses its power', () => {
  it(
    'is fenced once its machines are proven dead; these run elsewhere, and it comes back clean',
    async () => {
      const [lost] = basis.hostIds as [string];
      const vmId = await deploy(lost);
      const plain = await deploy(lost, { serviceofferingid: basis.offeringId });
      const busy = await deploy(lost);
      // As where the pool's file system keeps no locks: nothing but an operator's word can prove them dead.
      await db().execute("UPDATE host_pool SET locks = 'not proven', tried_at = NOW(3) WHERE locks = 'proven'");
      await setPower(lost, false);
      // One runs into the host's death, the other waits behind it.
      const reboots: string[] = [];
      for (let count = 0; count < 2; count += 1)
        reboots.push(String((await cloud.admin.call('rebootVirtualMachine', { id: busy }))['jobid']));
      await untilHa(lost, 'Fencing');
      expect((await haOf(lost)).hareason).toMatch(/proof is being obtained|see nothing of it/);
      // Asked for twice more, by hand: there is one fencing.
      const one = await eventually('its fencing being asked for', async () => (await failOvers())[0]);
      for (let count = 0; count < 2; count += 1)
        expect(await cloud.admin.call('failOverHost', { id: lost })).toMatchObject({ jobid: one.id });
      // Without proof nothing is started, and an operator is told what would help.
      await eventually('an alert', async () => (await alertsOf(lost)).length > 0, LONG_MS);
      // One for the host, not one for each machine.
      expect(await alertsOf(lost)).toEqual([
        expect.stringMatching(/^3 machines \(.*\) were on .*, and wait: no proof yet: .*declareHostLost/),
      ]);
      expect(await machine(vmId)).toMatchObject({ state: 'Running', hostid: lost });
      await cloud.admin.call('declareHostLost', { id: lost });
      await eventually(
        'it running elsewhere',
        async () => {
          const { state, hostid } = await machine(vmId);
          return state === 'Running' && hostid !== lost;
        },
        LONG_MS,
      );
      await eventually('the other being stopped', async () => (await machine(plain))['state'] === 'Stopped', LONG_MS);
      expect((await machine(plain))['hostid']).toBeUndefined();
      // Both end, the second one where HA has started the machine meanwhile.
      const ends = await Promise.all(reboots.map((id) => cloud.admin.waitForJob(id)));
      expect(ends.map(({ jobstatus }) => jobstatus)).toEqual([JOB_FAILED, JOB_DONE]);
      expect(await machine(busy)).toMatchObject({ state: 'Running' });
      const order = await db().query<{ kind: string }>(
        "SELECT kind FROM operation WHERE resource_id = ? AND kind <> 'deployVirtualMachine' ORDER BY started_at",
        [busy],
      );
      expect(order.map(({ kind }) => kind)).toEqual([
        'rebootVirtualMachine',
        'failOverVirtualMachine',
        'rebootVirtualMachine',
      ]);
      await eventually('the end of it', async () => (await failOvers())[0]?.state === 'succeeded', LONG_MS);
      expect(await hostOf(lost)).toMatchObject({ state: 'Down', hostha: { hastate: 'Fenced', haenable: true } });
      await setPower(lost, true);
      await untilHa(lost, 'Available');
      expect(await hostOf(lost)).toMatchObject({ state: 'Up' });
      const { vms } = (await cloud.simulate('GET', `/hosts/${lost}`)) as { vms: object };
      expect(vms).toEqual({});
      expect(await db().query('SELECT * FROM host_obligation')).toEqual([]);
      await expectConsistent();
    },
    LIMIT_MS,
  );
});

describe('what is no death', () => {
  it(
    'a host that was cut off and is heard again before anything is proven: its machines run on',
    async () => {
      const [, cut] = basis.hostIds as [string, string];
      const vmId = await deploy(cut);
      const before = (await failOvers()).length;
      await setNetwork(cut, false);
      await untilHa(cut, 'Fencing');
      await setNetwork(cut, true);
      await untilHa(cut, 'Available');
      await eventually('the end of it', async () => {
        const ended = await failOvers();
        return ended.length > before && ended.every(({ state }) => ['succeeded', 'failed'].includes(state));
      });
      expect(await machine(vmId)).toMatchObject({ state: 'Running', hostid: cut });
      expect(await hostOf(cut)).toMatchObject({ state: 'Up' });
      expect(await db().query('SELECT host_id FROM host_fence')).toEqual([]);
      await expectConsistent();
    },
    LIMIT_MS,
  );

  it(
    'a host for which HA is off: it is missed, and nothing follows',
    async () => {
      const [, , off] = basis.hostIds as [string, string, string];
      const vmId = await deploy(off);
      const before = (await failOvers()).length;
      await cloud.admin.callAndWait('disableHAForHost', { hostid: off });
      await setPower(off, false);
      await eventually('it being missed', async () => (await hostOf(off))['state'] === 'Disconnected', LONG_MS);
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      expect(await failOvers()).toHaveLength(before);
      expect(await machine(vmId)).toMatchObject({ state: 'Running', hostid: off });
      await setPower(off, true);
      await eventually('it being used again', async () => (await hostOf(off))['state'] === 'Up', LONG_MS);
      await cloud.admin.callAndWait('enableHAForHost', { hostid: off });
      await eventually('its machine running', async () => (await machine(vmId))['state'] === 'Running', LONG_MS);
    },
    LIMIT_MS,
  );

  it(
    'a host that only its storage hears of: it is cut off, not dead, and nothing happens to it',
    async () => {
      const [, cut] = basis.hostIds as [string, string];
      const vmId = await deploy(cut);
      const before = (await failOvers()).length;
      await setNetwork(cut, false, true);
      await untilHa(cut, 'Degraded');
      expect((await haOf(cut)).hareason).toMatch(/but it lives: it writes to the pool /);
      await setNetwork(cut, true);
      await untilHa(cut, 'Available');
      expect(await failOvers()).toHaveLength(before);
      expect(await machine(vmId)).toMatchObject({ state: 'Running', hostid: cut });
    },
    LIMIT_MS,
  );

  it(
    'a host that comes and goes: it has to be silent for longer each time, and an alert says so',
    async () => {
      const [, flapping] = basis.hostIds as [string, string];
      const vmId = await deploy(flapping);
      const before = (await failOvers()).length;
      // It did so twice a moment ago.
      await db().execute('UPDATE host_ha SET falls = 2, fell_at = NOW(3) WHERE id = ?', [flapping]);
      await setNetwork(flapping, false);
      await eventually(
        'longer silence being needed',
        async () => /longer because it fell silent 3 times lately/.test((await haOf(flapping)).hareason ?? ''),
        LONG_MS,
      );
      expect(await alertsOf(flapping)).toEqual([expect.stringMatching(/has fallen silent 3 times/)]);
      // For longer than any other host would be left alone.
      await new Promise((resolve) => setTimeout(resolve, 7_000));
      expect((await haOf(flapping)).hastate).toBe('Suspect');
      await setNetwork(flapping, true);
      await untilHa(flapping, 'Available');
      expect(await failOvers()).toHaveLength(before);
      expect(await machine(vmId)).toMatchObject({ state: 'Running', hostid: flapping });
      await db().execute('UPDATE host_ha SET falls = 0, fell_at = NULL WHERE id = ?', [flapping]);
    },
    LIMIT_MS,
  );

  it(
    'agents that are away, all of them: nobody has seen anything, so nobody is fenced',
    async () => {
      const before = (await failOvers()).length;
      await cloud.agent.kill();
      for (const id of basis.hostIds) await untilHa(id, 'Checking');
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      for (const id of basis.hostIds) expect((await haOf(id)).hareason).toMatch(/no neighbour is heard/);
      await cloud.agent.start();
      for (const id of basis.hostIds) await untilHa(id, 'Available');
      expect(await failOvers()).toHaveLength(before);
    },
    LIMIT_MS,
  );

  it(
    'a control plane that was away for longer than any host may be silent',
    async () => {
      const before = (await failOvers()).length;
      await cloud.api.kill();
      await new Promise((resolve) => setTimeout(resolve, 12_000));
      await cloud.api.start();
      await cloud.worker.kill();
      await new Promise((resolve) => setTimeout(resolve, 12_000));
      await cloud.worker.start();
      await new Promise((resolve) => setTimeout(resolve, 8_000));
      for (const id of basis.hostIds) expect((await haOf(id)).hastate).toBe('Available');
      expect(await failOvers()).toHaveLength(before);
    },
    LIMIT_MS,
  );
});

describe('a machine that ends without having been asked to', () => {
  const powerOf = (hostId: string, vmId: string, body: object) =>
    cloud.simulate('POST', `/hosts/${hostId}/vms/${vmId}/power`, body);
  const starts = (vmId: string) =>
    db().query("SELECT id FROM operation WHERE resource_id = ? AND kind = 'startVirtualMachine'", [vmId]);

  it(
    'because it crashes on a host that lives, is started again; not one that its guest has shut down',
    async () => {
      const [, , hostId] = basis.hostIds as [string, string, string];
      const [crashed, shut] = [await deploy(hostId), await deploy(hostId)];
      await powerOf(hostId, shut, { power: 'off' });
      await powerOf(hostId, crashed, { power: 'off', crashed: true });
      await eventually('its start', async () => (await starts(crashed)).length === 1, LONG_MS);
      await eventually('it running', async () => (await machine(crashed))['state'] === 'Running', LONG_MS);
      expect(await machine(shut)).toMatchObject({ state: 'Stopped' });
      expect(await starts(shut)).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'because its host was started anew while nobody looked, is started again',
    async () => {
      const [, , hostId] = basis.hostIds as [string, string, string];
      const vmId = await deploy(hostId);
      await cloud.worker.kill();
      await setPower(hostId, false);
      await setPower(hostId, true);
      await cloud.worker.start();
      await eventually('its start', async () => (await starts(vmId)).length > 0, LONG_MS);
      await eventually('it running', async () => (await machine(vmId))['state'] === 'Running', LONG_MS);
      await expectConsistent();
    },
    LIMIT_MS,
  );
});
