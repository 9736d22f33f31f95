/** VPC offerings, which are records alone so far; and what can be changed of networks. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBelongings, makePlace, type Belongings } from '../testing/fixture.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';

type Row = Record<string, unknown>;

let t: TestApi;
let alice: TestAccount;
let bob: TestAccount;
let own: Belongings;
beforeAll(async () => {
  t = await startTestApi();
  const place = await makePlace(t);
  alice = await t.account('alice');
  bob = await t.account('bob');
  own = await makeBelongings(t, place, alice);
});
afterAll(() => t.stop());

const errorOf = async (command: string, params: Record<string, string>, keys = t.admin) => {
  const { status, body } = await t.call(command, params, keys);
  return `${status} ${String(body['errortext'] ?? '')}`;
};
/** What the job of a command gave. */
const done = async (command: string, params: Record<string, string>, keys = t.admin) => {
  const { body } = await t.call(command, params, keys);
  const job = await t.call('queryAsyncJobResult', { jobid: String(body['jobid']) }, keys);
  expect(job.body).toMatchObject({ jobstatus: 1 });
  return { id: body['id'], result: job.body['jobresult'] as Row };
};
const listed = async (params: Record<string, string> = {}, keys = t.admin) =>
  (((await t.call('listVPCOfferings', params, keys)).body['vpcoffering'] ?? []) as Row[])
    .map(({ name }) => String(name))
    .toSorted();

describe('VPC offerings', () => {
  it('begin with the one that clients know', async () => {
    const [offering, ...others] = await t.ok<Row[]>('listVPCOfferings', { isdefault: 'true' }, alice.keys);
    expect(others).toEqual([]);
    expect(offering).toMatchObject({
      ...{ name: 'Default VPC offering', state: 'Enabled', isdefault: true, distributedvpcrouter: false },
    });
    const services = ((offering?.['service'] ?? []) as Row[]).map(({ name }) => name);
    expect(services).toEqual(expect.arrayContaining(['Dhcp', 'SourceNat', 'StaticNat', 'Lb', 'Vpn', 'NetworkACL']));
    expect(await errorOf('deleteVPCOffering', { id: String(offering?.['id']) })).toContain('came with the product');
  });

  it('are created, changed and withdrawn', async () => {
    const made = await done('createVPCOffering', { name: 'plain', supportedservices: 'dhcp,NetworkACL' });
    const id = String(made.id);
    expect(made.result['vpcoffering']).toMatchObject({ id, name: 'plain', displaytext: 'plain', state: 'Disabled' });
    expect(await listed({ supportedservices: 'Dhcp,NetworkACL' })).toEqual(['Default VPC offering', 'plain']);
    expect(await listed({ supportedservices: 'Lb' })).toEqual(['Default VPC offering']);
    expect(await listed({ supportedservices: 'Teleport' })).toEqual([]);
    expect(await errorOf('createVPCOffering', { name: 'plain' })).toContain('exists already');
    const changed = await done('updateVPCOffering', { id, name: 'fancy', displaytext: 'Fancy', state: 'enabled' });
    expect(changed.result['vpcoffering']).toMatchObject({ id, name: 'fancy', displaytext: 'Fancy', state: 'Enabled' });
    expect(await errorOf('updateVPCOffering', { id, name: 'Default VPC offering' })).toContain('exists already');
    expect(await listed({ state: 'Enabled', keyword: 'fan' }, bob.keys)).toEqual(['fancy']);
    expect((await done('deleteVPCOffering', { id })).result).toMatchObject({ success: true });
    expect(await listed({ id })).toEqual([]);
    for (const command of ['updateVPCOffering', 'deleteVPCOffering'])
      expect(await errorOf(command, { id })).toContain('does not exist');
    await done('createVPCOffering', { name: 'fancy', enable: 'true' });
  });

  it('are refused with services that VPCs do not have', async () => {
    expect(await errorOf('createVPCOffering', { name: 'x', supportedservices: 'Firewall' })).toMatch(
      /^431 VPCs have no service Firewall; give some of Dhcp/,
    );
    const provider = { 'serviceproviderlist[0].service': 'Lb', 'serviceproviderlist[0].provider': 'VpcVirtualRouter' };
    expect(await errorOf('createVPCOffering', { name: 'x', supportedservices: 'Dhcp', ...provider })).toContain(
      'Lb has a provider and is not in supportedservices',
    );
  });
});

describe('updateNetwork', () => {
  it('changes what a network is called', async () => {
    const params = { id: own.networkId, name: 'front', displaytext: 'In front' };
    const { result } = await done('updateNetwork', params, alice.keys);
    expect(result['network']).toMatchObject(params);
    const [network] = await t.ok<Row[]>('listNetworks', { id: own.networkId }, alice.keys);
    expect(network).toMatchObject(params);
    const networkofferingid = String(network?.['networkofferingid']);
    await done('updateNetwork', { id: own.networkId, networkofferingid }, alice.keys);
  });

  it('refuses what a router would have to do, another offering, and others', async () => {
    const update = (params: Record<string, string>, keys = alice.keys) =>
      errorOf('updateNetwork', { id: own.networkId, ...params }, keys);
    for (const [name, value] of Object.entries({
      guestvmcidr: '10.1.0.0/24',
      networkdomain: 'a.example',
      dns1: '192.0.2.1',
    }))
      expect(await update({ name: 'lost', [name]: value })).toMatch(
        `431 ${name} is not supported by this offering yet`,
      );
    const [other] = await t.ok<Row[]>('listNetworkOfferings', { name: 'DefaultL2NetworkOffering' });
    expect(await update({ networkofferingid: String(other?.['id']) })).toContain('cannot change its offering yet');
    expect(await update({ displaynetwork: 'false' })).toContain('networks cannot be hidden');
    expect(await update({ name: '' })).toMatch(/^431/);
    expect(await update({ name: 'mine' }, bob.keys)).toMatch(/^431 Invalid parameter id/);
    const [network] = await t.ok<Row[]>('listNetworks', { id: own.networkId }, alice.keys);
    expect(network?.['name']).toBe('front');
  });
});
