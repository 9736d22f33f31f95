import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../testing/test-api.js';

type Row = Record<string, unknown>;

let t: TestApi;
beforeAll(async () => {
  t = await startTestApi();
});
afterAll(() => t.stop());

const list = (params: Record<string, string> = {}): Promise<Row[]> => t.ok<Row[]>('listNetworkOfferings', params);
const names = (rows: readonly Row[]): string[] => rows.map((row) => String(row['name'])).toSorted();

async function refusal(command: string, params: Record<string, string>): Promise<string> {
  const { status, body } = await t.call(command, params);
  expect(status).toBeGreaterThanOrEqual(400);
  return String(body['errortext']);
}

describe('network offerings', () => {
  it('that clients know by name are there from the beginning', async () => {
    const known = names(await list());
    for (const name of [
      ...['DefaultSharedNetworkOffering', 'DefaultIsolatedNetworkOfferingWithSourceNatService'],
      ...['DefaultIsolatedNetworkOfferingForVpcNetworks', 'DefaultL2NetworkOffering'],
    ])
      expect(known).toContain(name);
    const [isolated] = await list({ name: 'DefaultIsolatedNetworkOfferingWithSourceNatService' });
    expect(isolated).toMatchObject({
      ...{ guestiptype: 'Isolated', state: 'Enabled', availability: 'Required', isdefault: true },
      ...{ specifyvlan: false, specifyipranges: false, forvpc: false },
    });
    expect(isolated?.['service']).toContainEqual({
      name: 'SourceNat',
      provider: [{ name: 'VirtualRouter' }],
      capability: [],
    });
  });

  it('are found by what they are', async () => {
    expect(names(await list({ forvpc: 'true', supportedservices: 'lb,sourcenat' }))).toEqual([
      'DefaultIsolatedNetworkOfferingForVpcNetworks',
    ]);
    expect(names(await list({ guestiptype: 'l2', specifyvlan: 'false' }))).toEqual(['DefaultL2NetworkOffering']);
    expect(await list({ supportedservices: 'no-such-service' })).toEqual({});
    expect((await list({ sourcenatsupported: 'true' })).length).toBe(3);
    expect(await list({ traffictype: 'Public' })).toEqual({});
  });

  it('are made, enabled, renamed and withdrawn', async () => {
    const params = {
      ...{ name: 'own', displaytext: 'Own kind', guestiptype: 'isolated', traffictype: 'GUEST' },
      ...{ supportedservices: 'Dhcp,dns,SourceNat', networkrate: '200', 'details[0].a': 'b' },
      ...{ 'serviceproviderlist[0].service': 'Dhcp', 'serviceproviderlist[0].provider': 'VirtualRouter' },
    };
    const made = await t.ok<Row>('createNetworkOffering', params);
    expect(made).toMatchObject({
      ...{ name: 'own', state: 'Disabled', guestiptype: 'Isolated', isdefault: false, details: { a: 'b' } },
      ...{ networkrate: 200, conservemode: true },
    });
    expect((made['service'] as Row[]).map((service) => service['name'])).toEqual(['Dhcp', 'Dns', 'SourceNat']);
    expect(await refusal('createNetworkOffering', params)).toBe('A network offering with the name own exists already.');
    const id = String(made['id']);
    expect(await t.ok('updateNetworkOffering', { id, state: 'enabled', name: 'mine' })).toMatchObject({
      ...{ id, name: 'mine', state: 'Enabled', displaytext: 'Own kind' },
    });
    expect(await t.ok('deleteNetworkOffering', { id })).toBe('true');
    expect(await list({ id })).toEqual({});
    // Its name is free again.
    expect(await t.ok('createNetworkOffering', { ...params, name: 'mine' })).toMatchObject({ name: 'mine' });
  });

  it.each([
    [{ supportedservices: 'Magic' }, 'There is no network service Magic'],
    [{ guestiptype: 'Wide' }, 'guestiptype'],
    [{ traffictype: 'Storage' }, 'traffictype'],
    [{ guestiptype: 'Shared', supportedservices: 'SourceNat' }, 'no router'],
    [{ guestiptype: 'L2', supportedservices: 'Dhcp' }, 'no services but UserData'],
    [{ guestiptype: 'L2', forvpc: 'true' }, 'Tiers of VPCs are Isolated'],
    [{ 'serviceproviderlist[0].service': 'Dns' }, 'not in supportedservices'],
    [{ name: '' }, 'name'],
  ])('are refused with %j', async (params, why) => {
    const good = { name: `bad-${why}`, guestiptype: 'Isolated', traffictype: 'Guest' };
    expect(await refusal('createNetworkOffering', { ...good, ...params })).toContain(why);
  });

  it('of the product are disabled, not deleted', async () => {
    const [offering] = await list({ name: 'DefaultL2NetworkOfferingVlan' });
    const id = String(offering?.['id']);
    expect(await refusal('deleteNetworkOffering', { id })).toContain('came with the product');
    expect(await t.ok('updateNetworkOffering', { id, state: 'Disabled' })).toMatchObject({ state: 'Disabled' });
    const user = await t.account('offered');
    for (const command of ['createNetworkOffering', 'updateNetworkOffering', 'deleteNetworkOffering']) {
      const { status } = await t.call(command, { id }, user.keys);
      expect(status, command).toBe(432);
    }
  });
});
