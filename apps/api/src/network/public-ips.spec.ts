import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePlace, type Place } from '../testing/fixture.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';

type Row = Record<string, unknown>;

let t: TestApi;
let place: Place;
let alice: TestAccount;
let bob: TestAccount;
beforeAll(async () => {
  t = await startTestApi();
  place = await makePlace(t);
  [alice, bob] = [await t.account('alice'), await t.account('bob')];
});
afterAll(() => t.stop());

const range = (params: Record<string, string> = {}): Record<string, string> => ({
  ...{ zoneid: place.zoneId, gateway: '192.0.2.1', netmask: '255.255.255.0' },
  ...{ startip: '192.0.2.10', endip: '192.0.2.29', vlan: 'vlan://50', forvirtualnetwork: 'true' },
  ...params,
});

/** The address of a job that succeeds. */
async function take(params: Record<string, string>, by: TestAccount = alice): Promise<Row> {
  const { status, body } = await t.call('associateIpAddress', { zoneid: place.zoneId, ...params }, by.keys);
  expect([status, body['errortext']]).toEqual([200, undefined]);
  expect(body).toHaveProperty('jobid');
  const [address] = await addresses({ id: String(body['id']) }, by);
  return address ?? {};
}
async function refusal(command: string, params: Record<string, string>, by?: TestAccount): Promise<string> {
  const { status, body } = await t.call(command, params, by?.keys);
  expect(status).toBeGreaterThanOrEqual(400);
  return String(body['errortext']);
}
const addresses = async (params: Record<string, string>, by?: TestAccount): Promise<Row[]> => {
  const rows = await t.ok<Row[] | object>('listPublicIpAddresses', params, by?.keys);
  return Array.isArray(rows) ? rows : [];
};

describe('a range of public addresses', () => {
  it('is added, listed, and its addresses are free', async () => {
    const made = await t.ok<Row>('createVlanIpRange', range());
    expect(made).toMatchObject({
      ...{ vlan: 'vlan://50', cidr: '192.0.2.0/24', startip: '192.0.2.10', endip: '192.0.2.29' },
      ...{ forvirtualnetwork: true, zoneid: place.zoneId },
    });
    expect(await t.ok<Row[]>('listVlanIpRanges', { vlan: '50' })).toEqual([made]);
    expect(await addresses({ vlanid: String(made['id']) })).toEqual([]);
    const free = await addresses({ vlanid: String(made['id']), allocatedonly: 'false', listall: 'true' });
    expect(free).toHaveLength(20);
    expect(free.map((row) => String(row['ipaddress']))).toContain('192.0.2.10');
    expect(free[0]).toMatchObject({ state: 'Free', vlanname: 'vlan://50' });
    expect(free[0]).not.toHaveProperty('account');
    // What nobody has is nobody's business but the root administrator's.
    expect(await addresses({ allocatedonly: 'false', listall: 'true' }, alice)).toEqual([]);
  });

  it.each([
    [{ startip: '192.0.2.29', endip: '192.0.2.40' }, 'has some of the addresses 192.0.2.29 to 192.0.2.40'],
    [{ endip: '192.0.2.1' }, 'comes before'],
    [{ startip: '198.51.100.1', endip: '198.51.100.9' }, 'is not in the network'],
    [{ vlan: '5000' }, 'neither 1 to 4094 nor untagged'],
    [{ forvirtualnetwork: 'false' }, 'createNetwork'],
    [{ zoneid: '0ff00000-0000-4000-8000-00000000ffff' }, 'entity does not exist'],
    [{ account: 'nobody' }, 'There is no account nobody'],
    [{ gateway: 'here' }, 'is no IPv4 address'],
  ])('is refused with %j', async (params, why) => {
    expect(await refusal('createVlanIpRange', range(params as Record<string, string>))).toContain(why);
  });

  it('is on the physical network that was named, or that carries public traffic', async () => {
    const { zoneId } = await makePlace(t);
    const network = async (name: string) =>
      String((await t.call('createPhysicalNetwork', { zoneid: zoneId, name })).body['id']);
    const add = (last: number, params: Record<string, string> = {}) => {
      const only = { zoneid: zoneId, startip: `192.0.2.${last}`, endip: `192.0.2.${last}` };
      return t.ok<Row>('createVlanIpRange', range({ ...only, ...params }));
    };
    expect(await add(10), 'none is recorded').not.toHaveProperty('physicalnetworkid');
    const [guest, open] = [await network('guest'), await network('open')];
    expect(await add(11), 'none carries it').not.toHaveProperty('physicalnetworkid');
    await t.ok('addTrafficType', { physicalnetworkid: open, traffictype: 'Public' });
    const found = await add(12);
    expect(found).toMatchObject({ physicalnetworkid: open });
    const named = await add(13, { physicalnetworkid: guest });
    expect(named).toMatchObject({ physicalnetworkid: guest });
    expect(await t.ok('listVlanIpRanges', { physicalnetworkid: guest })).toEqual([named]);
    const free = { physicalnetworkid: guest, allocatedonly: 'false', listall: 'true' };
    expect(await addresses(free)).toMatchObject([{ ipaddress: '192.0.2.13', physicalnetworkid: guest }]);

    const elsewhere = range({ physicalnetworkid: guest, startip: '192.0.2.240', endip: '192.0.2.240' });
    expect(await refusal('createVlanIpRange', elsewhere), 'of another zone').toContain('entity does not exist');
    expect(await refusal('deletePhysicalNetwork', { id: guest })).toContain('remove its 1 ranges');
    await t.ok('deleteVlanIpRange', { id: String(named['id']) });
    await t.ok('deletePhysicalNetwork', { id: guest });
  });

  it('for one account alone is given to nobody else, and goes when nobody has of it', async () => {
    const only = { startip: '192.0.2.100', endip: '192.0.2.101', account: 'bob', domainid: bob.domainId };
    const made = await t.ok<Row>('createVlanIpRange', range(only));
    expect(made).toMatchObject({ account: 'bob', domainid: bob.domainId });
    expect(await refusal('associateIpAddress', { zoneid: place.zoneId, ipaddress: '192.0.2.100' }, alice)).toContain(
      'is taken, or none of the zone',
    );
    const own = await take({}, bob);
    expect(own).toMatchObject({ ipaddress: '192.0.2.100', account: 'bob', state: 'Allocated' });
    const id = String(made['id']);
    expect(await refusal('deleteVlanIpRange', { id })).toContain('remove its 1 allocated addresses first');
    expect((await t.call('disassociateIpAddress', { ipaddress: '192.0.2.100' }, bob.keys)).status).toBe(200);
    expect(await t.ok('deleteVlanIpRange', { id })).toBe('true');
    expect(await refusal('deleteVlanIpRange', { id })).toContain('entity does not exist');
  });
});

describe('a public address', () => {
  it('goes to one of many who ask at once', async () => {
    const taken = await Promise.all(Array.from({ length: 20 }, (_, index) => take({}, index % 2 ? alice : bob)));
    expect(new Set(taken.map((address) => address['ipaddress'])).size).toBe(20);
    expect(await refusal('associateIpAddress', { zoneid: place.zoneId }, alice)).toContain('no free public address');
    expect(await addresses({}, alice)).toHaveLength(10);
    const foreign = (await addresses({}, bob))[0];
    expect(await refusal('disassociateIpAddress', { id: String(foreign?.['id']) }, alice)).toContain('does not exist');
    expect(await addresses({ id: String(foreign?.['id']) }, alice)).toEqual([]);
    for (const by of [alice, bob])
      for (const { id } of await addresses({}, by))
        expect((await t.call('disassociateIpAddress', { id: String(id) }, by.keys)).status).toBe(200);
    expect(await addresses({ listall: 'true' })).toEqual([]);
  });

  it('is held for an isolated network with a router, of whoever owns it', async () => {
    await t.ok('updateZone', { id: place.zoneId, vxlanrange: '700-799' });
    const network = async (name: string): Promise<Row> => {
      const [offering] = await t.ok<Row[]>('listNetworkOfferings', { name });
      const params = { zoneid: place.zoneId, name, networkofferingid: String(offering?.['id']) };
      return t.ok<Row>('createNetwork', params, alice.keys);
    };
    const routed = await network('DefaultIsolatedNetworkOfferingWithSourceNatService');
    const networkid = String(routed['id']);
    expect(await take({ networkid, ipaddress: '192.0.2.17' })).toMatchObject({
      ...{ ipaddress: '192.0.2.17', associatednetworkid: networkid, account: 'alice', issourcenat: false },
    });
    expect(await addresses({ associatednetworkid: networkid }, alice)).toHaveLength(1);
    expect(await refusal('associateIpAddress', { networkid }, bob)).toContain('entity does not exist');
    const flat = await network('DefaultL2NetworkOffering');
    expect(await refusal('associateIpAddress', { networkid: String(flat['id']) }, alice)).toContain(
      'has no service that uses public addresses',
    );
  });

  it.each([
    [{}, 'Give networkid or zoneid'],
    [{ isportable: 'true' }, 'no portable addresses'],
    [{ vpcid: '0ff00000-0000-4000-8000-00000000ffff' }, 'Invalid parameter vpcid'],
    [{ ipaddress: '192.0.2.300' }, 'is no IPv4 address'],
  ])('is refused with %j', async (params, why) => {
    expect(await refusal('associateIpAddress', params as Record<string, string>, alice)).toContain(why);
  });

  it('is given back by its id or itself, and nothing else', async () => {
    expect(await refusal('disassociateIpAddress', {}, alice)).toContain('Give id or ipaddress');
    expect(await refusal('disassociateIpAddress', { ipaddress: '192.0.2.11' }, alice)).toContain('does not exist');
  });
});
