import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../testing/test-api.js';

type Row = Record<string, string>;

let t: TestApi;
let zone: Row;
let pod: Row;
let cluster: Row;
beforeAll(async () => {
  t = await startTestApi();
});
afterAll(() => t.stop());

const error = async (command: string, params: Record<string, string>) => {
  const { status, body } = await t.call(command, params);
  return [status, body['errortext']] as const;
};

describe('zones, pods and clusters', () => {
  it('are created inside each other', async () => {
    zone = await t.ok('createZone', {
      name: 'z',
      dns1: '192.0.2.1',
      internaldns1: '192.0.2.2',
      networktype: 'advanced',
    });
    expect(zone).toMatchObject({ name: 'z', networktype: 'Advanced', allocationstate: 'Enabled', dns1: '192.0.2.1' });
    pod = await t.ok('createPod', {
      name: 'p',
      zoneid: zone['id'] ?? '',
      startip: '10.0.0.2',
      gateway: '10.0.0.1',
      netmask: '255.255.255.0',
    });
    expect(pod).toMatchObject({ zonename: 'z', startip: ['10.0.0.2'] });
    const place = { zoneid: zone['id'] ?? '', podid: pod['id'] ?? '' };
    const added = await t.call('addCluster', {
      ...place,
      clustername: 'c',
      clustertype: 'CloudManaged',
      hypervisor: 'kvm',
    });
    expect(added.body).toMatchObject({
      count: 1,
      cluster: [{ name: 'c', hypervisortype: 'KVM', podname: 'p', zonename: 'z' }],
    });
    [cluster] = added.body['cluster'] as [Row];
  });

  it('have names that are unique where they are', async () => {
    expect(
      await error('createZone', { name: 'Z', dns1: '192.0.2.1', internaldns1: '192.0.2.2', networktype: 'Basic' }),
    ).toEqual([431, 'A zone with the name Z exists already.']);
    expect((await error('createPod', { name: 'p', zoneid: zone['id'] ?? '' }))[0]).toBe(431);
    expect((await error('updateZone', { id: zone['id'] ?? '', networktype: 'Basic' }))[0], 'nothing to change').toBe(
      200,
    );
  });

  it('must belong together', async () => {
    const other = await t.ok('createZone', {
      name: 'z2',
      dns1: '192.0.2.1',
      internaldns1: '192.0.2.2',
      networktype: 'Basic',
    });
    const wrong = {
      zoneid: String(other['id']),
      podid: pod['id'] ?? '',
      clustername: 'd',
      clustertype: 'x',
      hypervisor: 'KVM',
    };
    expect((await error('addCluster', wrong))[1]).toContain('Invalid parameter zoneid value=');
  });

  it('are changed and found by what they are', async () => {
    await t.ok('updateZone', { id: zone['id'] ?? '', allocationstate: 'Disabled', dns2: '192.0.2.3' });
    expect(await t.ok('listZones', { available: 'true', keyword: 'z' })).toHaveLength(1);
    expect(await t.ok('listZones', { name: 'z' })).toMatchObject([{ allocationstate: 'Disabled', dns2: '192.0.2.3' }]);
    await t.ok('updatePod', { id: pod['id'] ?? '', name: 'p2', endip: '10.0.0.9' });
    expect(await t.ok('listPods', { zoneid: zone['id'] ?? '' })).toMatchObject([{ name: 'p2', endip: ['10.0.0.9'] }]);
    await t.ok('updateCluster', { id: cluster['id'] ?? '', clustername: 'c2' });
    expect(await t.ok('listClusters', { podid: pod['id'] ?? '', hypervisor: 'KVM' })).toMatchObject([{ name: 'c2' }]);
    expect(await t.ok('listHypervisors', { zoneid: zone['id'] ?? '' })).toEqual([{ name: 'KVM' }]);
  });

  it('are removed from the inside outwards', async () => {
    expect(await error('deleteZone', { id: zone['id'] ?? '' })).toEqual([
      431,
      `The zone ${zone['id']} is in use: remove its 1 pods first.`,
    ]);
    expect((await error('deletePod', { id: pod['id'] ?? '' }))[0]).toBe(431);
    expect((await t.call('deleteCluster', { id: cluster['id'] ?? '' })).body).toEqual({ success: 'true' });
    expect((await error('deletePod', { id: pod['id'] ?? '' }))[0]).toBe(200);
    expect((await error('deleteZone', { id: zone['id'] ?? '' }))[0]).toBe(200);
    expect((await t.call('listZones', { id: zone['id'] ?? '' })).body).toEqual({});
  });
});

describe('the audit trail', () => {
  it('has one event for each command that changes something, whether it was done or not', async () => {
    await t.db.source.query('DELETE FROM event');
    const made = await t.ok('createZone', {
      name: 'audited',
      dns1: '192.0.2.1',
      internaldns1: '192.0.2.2',
      networktype: 'Basic',
    });
    await t.call('createZone', { name: 'audited', dns1: '192.0.2.1', internaldns1: '192.0.2.2', networktype: 'Basic' });
    await t.call('listZones');
    const events = await t.ok<Row[]>('listEvents', { listall: 'true' });
    expect(
      events.map(({ type, level, state, username, sourceaddress }) => ({
        type,
        level,
        state,
        username,
        sourceaddress,
      })),
    ).toEqual([
      { type: 'ZONE.CREATE', level: 'ERROR', state: 'Completed', username: 'admin', sourceaddress: '127.0.0.1' },
      { type: 'ZONE.CREATE', level: 'INFO', state: 'Completed', username: 'admin', sourceaddress: '127.0.0.1' },
    ]);
    expect(events[1]?.['resourceid']).toBe(made['id']);
    expect(await t.ok('listEvents', { level: 'ERROR' })).toHaveLength(1);
    expect((await t.call('listEvents', { startdate: '2199-01-01' })).body).toEqual({});
    expect((await error('listEvents', { startdate: 'yesterday' }))[1]).toContain('The parameter startdate is no date');
  });
});
