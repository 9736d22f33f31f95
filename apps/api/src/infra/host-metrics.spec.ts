/** What hosts have, have given out and use: each, and those of clusters and zones together. */
import { newId } from '@durastack/kit/ids/new-id';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBelongings, makePlace, type Place } from '../testing/fixture.js';
import { startTestApi, type TestApi } from '../testing/test-api.js';

type Row = Record<string, unknown>;

let t: TestApi;
let place: Place;
let emptyClusterId: string;

beforeAll(async () => {
  t = await startTestApi();
  // Of another zone, so that sums that take too much show.
  await makePlace(t);
  place = await makePlace(t);
  await t.db.source.query('UPDATE host SET cpu_mhz_reserved = 4000, memory_mib_reserved = 4096 WHERE id = ?', [
    place.hostId,
  ]);
  for (const [state, cpuPercent, mibUsed] of [
    ['Up', 37.5, 3_072],
    ['Down', 90, 16_000],
    ['Removed', 90, 16_000],
  ])
    await t.db.source.query(
      `INSERT INTO host (id, name, zone_id, pod_id, cluster_id, hypervisor, state, allocation_state, cpu_count, cpu_mhz,
         memory_mib, cpu_mhz_reserved, cpu_percent_used, memory_mib_used, created_at)
       SELECT ?, 'other', zone_id, pod_id, cluster_id, hypervisor, ?, 'Enabled', 8, 2000, 16384, 4000, ?, ?, NOW(3) FROM host WHERE id = ?`,
      [newId(), state, cpuPercent, mibUsed, place.hostId],
    );
  emptyClusterId = newId();
  await t.db.source.query(
    `INSERT INTO cluster (id, zone_id, pod_id, name, hypervisor, allocation_state, created_at)
     VALUES (?, ?, ?, 'empty', 'KVM', 'Disabled', NOW(3))`,
    [emptyClusterId, place.zoneId, place.podId],
  );
  const alice = await t.account('alice');
  await makeBelongings(t, place, alice);
  const { vmId } = await makeBelongings(t, place, alice);
  await t.db.source.query("UPDATE virtual_machine SET state = 'Stopping' WHERE id = ?", [vmId]);
});
afterAll(() => t.stop());

const only = async (command: string, params: Record<string, string>): Promise<Row> => {
  const found = await t.ok<Row[]>(command, params);
  expect(found).toHaveLength(1);
  return found[0] ?? {};
};

const USAGE = {
  cputotal: '48.00 Ghz',
  cpuallocated: '25.00%',
  cpuused: '25.00%',
  cpumaxdeviation: '50.00%',
  memorytotal: '48.00 GiB',
  memoryallocated: '8.33%',
  memoryused: '12.50%',
  memorymaxdeviation: '50.00%',
};
const NONE = {
  ...{ cputotal: '0.00 Ghz', cpuallocated: '0.00%' },
  ...{ memorytotal: '0.00 GiB', memoryallocated: '0.00%' },
};

describe('listHostsMetrics', () => {
  it('lists as listHosts does, with amounts for people and the machines on each', async () => {
    expect(await only('listHostsMetrics', { id: place.hostId })).toEqual({
      ...(await only('listHosts', { id: place.hostId })),
      instances: '1 / 2',
      cputotalghz: '16.00 Ghz',
      cpuallocatedghz: '4.00 Ghz',
      cpuusedghz: '2.00 Ghz',
      memorytotalgb: '16.00 GiB',
      memoryallocatedgb: '4.00 GiB',
      memoryusedgb: '1.00 GiB',
    });
    const { body } = await t.call('listHostsMetrics', { zoneid: place.zoneId, page: '2', pagesize: '1' });
    expect(body).toMatchObject({ count: 3, host: [{ instances: '0 / 0' }] });
    expect((await t.call('listHostsMetrics', { state: 'Alert' })).body).toEqual({});
  });

  it('says nothing of use that was never measured, and of a management controller only where there is one', async () => {
    const { hostId } = await makePlace(t);
    await t.db.source.query('UPDATE host SET cpu_percent_used = NULL, memory_mib_used = NULL WHERE id = ?', [hostId]);
    const before = await only('listHostsMetrics', { id: hostId });
    for (const field of ['cpuusedghz', 'memoryusedgb', 'powerstate']) expect(before).not.toHaveProperty(field);
    await t.ok('configureOutOfBandManagement', {
      ...{ hostid: hostId, driver: 'redfish', address: '192.0.2.9', port: '443', username: 'root', password: 'secret' },
    });
    expect(await only('listHostsMetrics', { id: hostId })).toMatchObject({ powerstate: 'Disabled' });
  });
});

describe('listClustersMetrics', () => {
  it('sums up the hosts of each, with the use of those that are up', async () => {
    expect(await only('listClustersMetrics', { id: place.clusterId })).toEqual({
      ...(await only('listClusters', { id: place.clusterId })),
      ...{ state: 'Enabled', hosts: '2 / 3', ...USAGE },
    });
    expect(await only('listClustersMetrics', { id: emptyClusterId })).toEqual({
      ...(await only('listClusters', { id: emptyClusterId })),
      ...{ state: 'Disabled', hosts: '0 / 0', ...NONE },
    });
    expect(await t.ok('listClustersMetrics', { zoneid: place.zoneId })).toHaveLength(2);
  });
});

describe('listZonesMetrics', () => {
  it('sums up the hosts of each, and counts its clusters', async () => {
    expect(await only('listZonesMetrics', { id: place.zoneId })).toEqual({
      ...(await only('listZones', { id: place.zoneId })),
      ...{ state: 'Enabled', clusters: '1 / 2', ...USAGE },
    });
  });

  it('also where nothing is', async () => {
    await t.db.source.query("UPDATE host SET state = 'Removed'");
    await t.db.source.query('DELETE FROM cluster');
    const zone = await only('listZonesMetrics', { id: place.zoneId });
    expect(zone).toMatchObject({ clusters: '0 / 0', ...NONE });
    for (const field of ['cpuused', 'cpumaxdeviation', 'memoryused', 'memorymaxdeviation'])
      expect(zone).not.toHaveProperty(field);
    expect((await t.call('listHostsMetrics')).body).toEqual({});
    expect((await t.call('listClustersMetrics')).body).toEqual({});
  });
});
