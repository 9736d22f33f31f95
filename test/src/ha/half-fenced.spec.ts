/**
 * A host that is cut off and lives: one of its machines is proven dead and started elsewhere, another one is not. What
 * becomes of it when it reports again in the same boot, and how it comes to be used again.
 */
import { join } from 'node:path';
import { autocommit } from '@durastack/store/database/transaction';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectAgents } from '../chaos/agents.js';
import { deployParams, eventually, itemsOf, makeBasis, objectOf, type Basis } from '../support/basis.js';
import { startCloud, type Cloud } from '../support/cloud.js';
import { findInconsistencies } from '../support/consistency.js';

const LIMIT_MS = 180_000;
const LONG_MS = 90_000;

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
const deploy = async (hostid: string) => {
  const params = deployParams(basis, { serviceofferingid: haOffering, hostid });
  return objectOf(await cloud.admin.callAndWait('deployVirtualMachine', params)).id;
};
const setPower = (hostId: string, on: boolean) => cloud.simulate('POST', `/hosts/${hostId}/power`, { on });
const setNetwork = (hostId: string, on: boolean) => cloud.simulate('POST', `/hosts/${hostId}/network`, { on });
const untilHa = (hostId: string, state: string) =>
  eventually(`HA of the host being ${state}`, async () => (await haOf(hostId)).hastate === state, LONG_MS);
const provenLocks = async () =>
  (await db().query('SELECT host_id FROM host_pool WHERE pool_id = ? AND locks = ?', [basis.poolId, 'proven'])).length;

async function expectConsistent(): Promise<void> {
  const client = await connectAgents(cloud.database.source, join(cloud.directory, 'data.key'));
  const found = await findInconsistencies(cloud.database.source, client).finally(() => client.close());
  expect(found).toEqual([]);
}

it(
  'loses what is left of the one at once, keeps the other, and is used again when it was emptied and started anew',
  async () => {
    const [cut, , other] = basis.hostIds as [string, string, string];
    const [gone, stays] = [await deploy(cut), await deploy(cut)];
    const there = async () =>
      Object.keys(((await cloud.simulate('GET', `/hosts/${cut}`)) as { vms: object }).vms).sort();
    await eventually('locks being proven', async () => (await provenLocks()) >= basis.hostIds.length, LONG_MS);
    await setNetwork(cut, false);
    await cloud.simulate('POST', `/hosts/${cut}/vms/${gone}/power`, { power: 'off' });
    await eventually(
      'it running elsewhere',
      async () => ![cut, undefined].includes(String((await machine(gone))['hostid'] ?? cut)),
      LONG_MS,
    );
    expect(await there()).toEqual([gone, stays].sort());
    expect(await machine(stays)).toMatchObject({ state: 'Running', hostid: cut });
    await setNetwork(cut, true);
    await eventually('its old copy being removed', async () => (await there()).join() === stays, LONG_MS);
    const advice = async () => (await haOf(cut)).hareason ?? '';
    await eventually('a word of advice', async () => /move away or stop those/.test(await advice()), LONG_MS);
    expect(await machine(stays)).toMatchObject({ state: 'Running', hostid: cut });
    await cloud.admin.callAndWait('migrateVirtualMachine', { virtualmachineid: stays, hostid: other });
    await untilHa(cut, 'Recovering');
    expect(await hostOf(cut)).toMatchObject({ state: 'Down' });
    await setPower(cut, false);
    await setPower(cut, true);
    await untilHa(cut, 'Available');
    expect(await there()).toEqual([]);
    expect(await hostOf(cut)).toMatchObject({ state: 'Up' });
    await expectConsistent();
  },
  LIMIT_MS,
);
