/** Physical networks: what administrators record of them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePlace, type Place } from '../testing/fixture.js';
import { startTestApi, type TestApi } from '../testing/test-api.js';

type Row = Record<string, unknown>;

let t: TestApi;
let place: Place;
beforeAll(async () => {
  t = await startTestApi();
  place = await makePlace(t);
});
afterAll(() => t.stop());

const ABSENT = '00000000-0000-4000-8000-000000000000';
const errorOf = async (command: string, params: Record<string, string>) =>
  String((await t.call(command, params)).body['errortext'] ?? '');
/** A command that answers a job: what it came to. */
async function done(command: string, params: Record<string, string>): Promise<Row> {
  const { status, body } = await t.call(command, params);
  expect(status, `${command}: ${String(body['errortext'])}`).toBe(200);
  const job = await t.ok<Row>('queryAsyncJobResult', { jobid: String(body['jobid']) });
  const [only] = Object.values(job['jobresult'] as Row);
  return only as Row;
}
const network = (name: string, more: Record<string, string> = {}) =>
  done('createPhysicalNetwork', { zoneid: place.zoneId, name, ...more });

describe('physical networks', () => {
  it('are created, changed, listed and deleted', async () => {
    const made = await network('net-1', { isolationmethods: 'VLAN', vlan: '100-199,300', tags: 'a,b' });
    expect(made).toMatchObject({ name: 'net-1', state: 'Disabled', isolationmethods: 'VLAN', tags: 'a,b' });
    expect(made).toMatchObject({ broadcastdomainrange: 'ZONE', vlan: '100-199,300', zoneid: place.zoneId });
    const id = String(made['id']);
    const changed = await done('updatePhysicalNetwork', { id, state: 'Enabled', networkspeed: '10G', tags: 'c' });
    expect(changed).toMatchObject({ state: 'Enabled', networkspeed: '10G', tags: 'c', vlan: '100-199,300' });
    expect(await t.ok('listPhysicalNetworks', { zoneid: place.zoneId, name: 'net-1' })).toMatchObject([{ id }]);
    expect(await errorOf('createPhysicalNetwork', { zoneid: place.zoneId, name: 'net-1' })).toContain('already');
    await done('deletePhysicalNetwork', { id });
    expect((await t.call('listPhysicalNetworks', { id })).body).toEqual({});
    expect((await t.call('listNetworkServiceProviders', { physicalnetworkid: id })).body).toEqual({});
  });

  it('of VXLAN give their zone its identifiers, once', async () => {
    const { zoneId } = await makePlace(t);
    const range = async () => (await t.ok<Row[]>('listZones', { id: zoneId }))[0]?.['vxlanrange'];
    await done('createPhysicalNetwork', { zoneid: zoneId, name: 'a', isolationmethods: 'VLAN', vlan: '100-199' });
    expect(await range()).toBeUndefined();
    const made = await done('createPhysicalNetwork', { zoneid: zoneId, name: 'b', isolationmethods: 'VXLAN' });
    await done('updatePhysicalNetwork', { id: String(made['id']), vlan: '7000-7009' });
    expect(await range()).toBe('7000-7009');
    await done('createPhysicalNetwork', { zoneid: zoneId, name: 'c', isolationmethods: 'VXLAN', vlan: '8000-8009' });
    expect(await range()).toBe('7000-7009');
  });

  it('carry kinds of traffic, each once', async () => {
    const physicalnetworkid = String((await network('net-2'))['id']);
    const guest = await done('addTrafficType', { physicalnetworkid, traffictype: 'guest', kvmnetworklabel: 'br0' });
    expect(guest).toMatchObject({ physicalnetworkid, traffictype: 'Guest', kvmnetworklabel: 'br0' });
    expect(await errorOf('addTrafficType', { physicalnetworkid, traffictype: 'Guest' })).toContain('already');
    const id = String(guest['id']);
    expect(await done('updateTrafficType', { id, kvmnetworklabel: 'br1' })).toMatchObject({ kvmnetworklabel: 'br1' });
    expect(await t.ok('listTrafficTypes', { physicalnetworkid })).toMatchObject([{ id, kvmnetworklabel: 'br1' }]);
    await done('deleteTrafficType', { id });
    expect((await t.call('listTrafficTypes', { physicalnetworkid })).body).toEqual({});
  });

  it('have providers, from the beginning those of the product', async () => {
    const physicalnetworkid = String((await network('net-3'))['id']);
    const list = async (more: Record<string, string> = {}) =>
      (await t.ok<Row[]>('listNetworkServiceProviders', { physicalnetworkid, ...more })).toSorted((a, b) =>
        String(a['name']).localeCompare(String(b['name'])),
      );
    expect(await list()).toMatchObject([
      { name: 'HostAgent', state: 'Enabled', servicelist: expect.arrayContaining(['Dhcp']) as unknown },
      { name: 'VirtualRouter', state: 'Disabled', servicelist: expect.arrayContaining(['SourceNat']) as unknown },
    ]);
    const [router] = await list({ name: 'VirtualRouter' });
    const id = String(router?.['id']);
    expect(await done('updateNetworkServiceProvider', { id, state: 'enabled' })).toMatchObject({ state: 'Enabled' });
    expect(await list({ state: 'Enabled' })).toHaveLength(2);
    const other = await done('addNetworkServiceProvider', { physicalnetworkid, name: 'Other', servicelist: 'dns' });
    expect(other).toMatchObject({ name: 'Other', state: 'Disabled', servicelist: ['Dns'] });
    await done('deleteNetworkServiceProvider', { id: String(other['id']) });
    expect(await list()).toHaveLength(2);
  });

  it('are refused when they make no sense', async () => {
    const physicalnetworkid = String((await network('net-4'))['id']);
    for (const [command, params, text] of [
      ['createPhysicalNetwork', { zoneid: ABSENT, name: 'x' }, 'zoneid'],
      ['createPhysicalNetwork', { zoneid: place.zoneId, name: 'x', vlan: 'many' }, 'vlan'],
      ['createPhysicalNetwork', { zoneid: place.zoneId, name: 'x', isolationmethods: 'VLAN,VXLAN' }, 'Only one'],
      [
        'createPhysicalNetwork',
        { zoneid: place.zoneId, name: 'x', broadcastdomainrange: 'WORLD' },
        'broadcastdomainrange',
      ],
      ['updatePhysicalNetwork', { id: physicalnetworkid, state: 'Broken' }, 'state'],
      ['updatePhysicalNetwork', { id: ABSENT }, 'does not exist'],
      ['addTrafficType', { physicalnetworkid, traffictype: 'Road' }, 'traffictype'],
      ['addTrafficType', { physicalnetworkid: ABSENT, traffictype: 'Guest' }, 'does not exist'],
      ['addNetworkServiceProvider', { physicalnetworkid, name: 'VirtualRouter' }, 'already'],
      ['addNetworkServiceProvider', { physicalnetworkid, name: 'x', servicelist: 'Tea' }, 'Tea'],
      ['deleteNetworkServiceProvider', { id: ABSENT }, 'does not exist'],
      ['deleteTrafficType', { id: ABSENT }, 'does not exist'],
      ['deleteZone', { id: place.zoneId }, 'in use'],
    ] as const)
      expect(await errorOf(command, params as Record<string, string>), command).toContain(text);
  });
});
