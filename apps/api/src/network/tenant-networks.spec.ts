import { newId } from '@durastack/kit/ids/new-id';
import { insertRow } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePlace, type Place } from '../testing/fixture.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';

type Row = Record<string, unknown>;

let t: TestApi;
let place: Place;
let alice: TestAccount;
let bob: TestAccount;
let isolated: string;
let l2: string;
beforeAll(async () => {
  t = await startTestApi();
  place = await makePlace(t);
  [alice, bob] = [await t.account('alice'), await t.account('bob')];
  await t.ok('updateZone', { id: place.zoneId, vxlanrange: '700-799' });
  const idOf = async (name: string): Promise<string> =>
    String((await t.ok<Row[]>('listNetworkOfferings', { name }))[0]?.['id']);
  isolated = await idOf('DefaultIsolatedNetworkOfferingWithSourceNatService');
  l2 = await idOf('DefaultL2NetworkOffering');
});
afterAll(() => t.stop());

const create = (params: Record<string, string>, by = alice) =>
  t.call('createNetwork', { zoneid: place.zoneId, name: 'net', networkofferingid: isolated, ...params }, by.keys);
const made = async (params: Record<string, string>, by = alice): Promise<Row> => {
  const { status, body } = await create(params, by);
  expect([status, body['errortext']]).toEqual([200, undefined]);
  return body['network'] as Row;
};
async function refusal(params: Record<string, string>, by = alice): Promise<string> {
  const { status, body } = await create(params, by);
  expect(status).toBeGreaterThanOrEqual(400);
  return String(body['errortext']);
}

describe('an isolated network', () => {
  it('is made by its user with addresses and a VNI of its own, seen by nobody else, and removed', async () => {
    const network = await made({ displaytext: 'Mine' });
    expect(network).toMatchObject({
      ...{ type: 'Isolated', acltype: 'Account', account: 'alice', state: 'Implemented', canusefordeploy: true },
      ...{ cidr: '10.1.1.0/24', gateway: '10.1.1.1', netmask: '255.255.255.0', broadcastdomaintype: 'Vxlan' },
      networkofferingname: 'DefaultIsolatedNetworkOfferingWithSourceNatService',
    });
    expect(network).not.toHaveProperty('vlan');
    const id = String(network['id']);
    expect(await t.ok('listNetworks', { id }, bob.keys)).toEqual({});
    expect(await t.ok('listNetworks', { supportedservices: 'SourceNat', type: 'Isolated' }, alice.keys)).toHaveLength(
      1,
    );
    const foreign = await t.call('deleteNetwork', { id }, bob.keys);
    expect(String(foreign.body['errortext'])).toContain('entity does not exist');
    expect(await t.call('deleteNetwork', { id }, alice.keys)).toMatchObject({ status: 200 });
  });

  it('of simulated hosts may have the addresses of another, with a VNI of its own', async () => {
    const networks = await Promise.all(
      [alice, bob].map((by) => made({ gateway: '10.7.0.1', netmask: '255.255.255.0' }, by)),
    );
    expect(networks.map((network) => network['cidr'])).toEqual(['10.7.0.0/24', '10.7.0.0/24']);
    const seen = await t.ok<Row[]>('listNetworks', { keyword: 'net', type: 'Isolated', listall: 'true' });
    expect(new Set(seen.map((network) => network['vlan'])).size).toBe(seen.length);
  });

  it('takes the first addresses that are free where hosts are real', async () => {
    const real = await makePlace(t);
    await t.db.source.query("UPDATE cluster SET hypervisor = 'KVM' WHERE id = ?", [real.clusterId]);
    await t.ok('updateZone', { id: real.zoneId, vxlanrange: '800-899' });
    const first = await made({ zoneid: real.zoneId });
    const second = await made({ zoneid: real.zoneId }, bob);
    expect([first['cidr'], second['cidr']]).toEqual(['10.1.1.0/24', '10.1.2.0/24']);
    const same = { zoneid: real.zoneId, gateway: '10.1.1.1', netmask: '255.255.255.0' };
    expect(await refusal(same)).toContain('overlap those of the network net (10.1.1.0/24)');
    expect(await refusal({ zoneid: real.zoneId, networkofferingid: l2 })).toContain('not supported by these hosts yet');
  });

  it.each([
    [{ netmask: '255.255.255.0' }, 'A netmask needs the gateway'],
    [{ gateway: '10.1.1.1', netmask: '255.255.255.254' }, 'no room for a machine'],
    [{ gateway: '10.1.1.1', netmask: '255.0.255.0' }, 'is not a netmask'],
    [{ gateway: 'here' }, 'is not an IPv4 address'],
    [{ gateway: '10.1.1.1', startip: '10.2.0.1' }, 'is not in the network'],
    [{ vlan: '7' }, 'Only the root administrator chooses vlan'],
    [{ acltype: 'Domain' }, 'belong to an account'],
    [{ networkofferingid: '0ff00000-0000-4000-8000-000000000001' }, 'made by the root administrator'],
    [{ networkofferingid: '0ff00000-0000-4000-8000-000000000005' }, 'for VPCs, which are not supported yet'],
    [{ networkofferingid: '0ff00000-0000-4000-8000-00000000ffff' }, 'entity does not exist'],
  ])('is refused with %j', async (params, why) => {
    expect(await refusal(params as Record<string, string>)).toContain(why);
  });
});

describe('an L2 network', () => {
  it('has no addresses, and neither have machines on it', async () => {
    const network = await made({ networkofferingid: l2 });
    expect(network).toMatchObject({ type: 'L2', service: [] });
    for (const field of ['cidr', 'gateway', 'netmask']) expect(network).not.toHaveProperty(field);
    const vmId = newId();
    const tx = autocommit(t.db.source);
    await t.db.source.query(
      `INSERT INTO virtual_machine (id, name, display_name, instance_name, account_id, domain_id, user_id, zone_id, template_id,
         service_offering_id, cpu_count, cpu_mhz, memory_mib, state, desired_power, observed_power, display_vm, created_at)
       SELECT ?, 'flat', 'flat', 'flat', ?, ?, ?, ?, ?, id, 1, 500, 128, 'Running', 'on', 'running', 1, NOW(3)
       FROM service_offering WHERE name = 'Tiny Instance'`,
      [vmId, alice.id, alice.domainId, alice.userId, place.zoneId, newId()],
    );
    await insertRow(tx, 'nic', {
      ...{ id: newId(), vm_id: vmId, network_id: network['id'], mac: '02:00:00:00:f0:01', ip: '169.254.1.7' },
      ...{ tap: 'tapl2', is_default: true, created_at: new Date() },
    });
    const [vm] = await t.ok<Row[]>('listVirtualMachines', { id: vmId }, alice.keys);
    expect(vm).not.toHaveProperty('ipaddress');
    const [nic] = (vm?.['nic'] ?? []) as Row[];
    expect(nic).toMatchObject({ type: 'L2', networkid: network['id'] });
    for (const field of ['ipaddress', 'gateway', 'netmask']) expect(nic).not.toHaveProperty(field);
  });
});
