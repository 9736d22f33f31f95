/** How much there is of what the cloud gives out, as listCapacity says it. */
import { newId } from '@durastack/kit/ids/new-id';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBelongings, makePlace, type Place } from '../testing/fixture.js';
import { startTestApi, type TestApi } from '../testing/test-api.js';

type Row = Record<string, unknown>;

const MIB = 1024 * 1024;
/** What a host keeps for itself. */
const OWN_MIB = 1_024;

let t: TestApi;
let full: Place;
let bare: Place;
beforeAll(async () => {
  t = await startTestApi();
  full = await makePlace(t);
  bare = await makePlace(t);
  await t.db.source.query('UPDATE host SET cpu_mhz_reserved = 6400, memory_mib_reserved = 7680 WHERE id = ?', [
    full.hostId,
  ]);
  await t.db.source.query('UPDATE storage_pool SET used_bytes = 25e10, reserved_bytes = 3e11 WHERE id = ?', [
    full.poolId,
  ]);
  await addHosts();
  await addPools();
  await addNetworks();
});
afterAll(() => t.stop());

/** Others of the same cluster that take nothing, and would make a difference. */
async function addHosts(): Promise<void> {
  for (const [state, allocation] of [
    ['Up', 'Disabled'],
    ['Up', 'Maintenance'],
    ['Down', 'Enabled'],
    ['Removed', 'Enabled'],
  ])
    await t.db.source.query(
      `INSERT INTO host (id, name, zone_id, pod_id, cluster_id, hypervisor, state, allocation_state, cpu_count, cpu_mhz,
         memory_mib, cpu_mhz_reserved, memory_mib_reserved, created_at)
       SELECT ?, 'other', zone_id, pod_id, cluster_id, hypervisor, ?, ?, 8, 2000, 16384, 500, 500, NOW(3) FROM host WHERE id = ?`,
      [newId(), state, allocation, full.hostId],
    );
}

async function addPools(): Promise<void> {
  for (const [scope, state, clusterId, hostId] of [
    ['HOST', 'Up', full.clusterId, full.hostId],
    ['CLUSTER', 'Maintenance', full.clusterId, null],
    ['ZONE', 'Up', null, null],
  ])
    await t.db.source.query(
      `INSERT INTO storage_pool (id, name, zone_id, pod_id, cluster_id, host_id, kind, scope, path, state, allocation_state,
         capacity_bytes, overprovisioning, used_bytes, reserved_bytes, created_at)
       SELECT ?, 'other', zone_id, IF(? IS NULL, NULL, pod_id), ?, ?, 'directory', ?, '/srv', ?, 'Enabled', 1e12, 1.5, 1e11, 15e10, NOW(3)
         FROM storage_pool WHERE id = ?`,
      [newId(), clusterId, clusterId, hostId, scope, state, full.poolId],
    );
}

async function addNetworks(): Promise<void> {
  const alice = await t.account('alice');
  const addresses = { startip: '192.0.2.10', endip: '192.0.2.13', gateway: '192.0.2.1', netmask: '255.255.255.0' };
  await t.ok('createVlanIpRange', { zoneid: full.zoneId, ...addresses });
  await t.ok('associateIpAddress', { zoneid: full.zoneId }, alice.keys);
  const { networkId } = await makeBelongings(t, full, alice);
  await t.db.source.query('UPDATE zone SET vni_first = 5000, vni_last = 5009 WHERE id = ?', [full.zoneId]);
  await t.db.source.query('UPDATE network SET vni = 5003 WHERE id = ?', [networkId]);
}

const capacity = async (params: Record<string, string> = {}): Promise<Row[]> =>
  ((await t.call('listCapacity', params)).body['capacity'] ?? []) as Row[];
/** Kind → total, used, share. */
const amountsOf = (rows: readonly Row[]) =>
  Object.fromEntries(rows.map((row) => [row['name'], [row['capacitytotal'], row['capacityused'], row['percentused']]]));

const OF_HOSTS = {
  MEMORY: [(16_384 - OWN_MIB) * MIB, 7_680 * MIB, '50.00'],
  CPU: [8 * 2_000 * 4, 6_400, '10.00'],
};
const OF_ITS_POOLS = {
  STORAGE: [1e12, 25e10, '25.00'],
  STORAGE_ALLOCATED: [2e12, 3e11, '15.00'],
  LOCAL_STORAGE: [15e11, 15e10, '10.00'],
};

describe('listHosts and listClusters', () => {
  it('go by what hosts offer, as placement does', async () => {
    const { body: hosts } = await t.call('listHosts', { id: full.hostId });
    expect(hosts['host']).toEqual([
      expect.objectContaining({
        ...{ cpuwithoverprovisioning: '64000', cpuallocatedvalue: 6_400, cpuallocated: '10.00%' },
        ...{ cpuallocatedpercentage: '10.00%', memorytotal: 16_384 * MIB, memoryallocatedbytes: 7_680 * MIB },
        ...{ memorywithoverprovisioning: String((16_384 - OWN_MIB) * MIB), memoryallocatedpercentage: '50.00%' },
        ...{ hasenoughcapacity: true },
      }),
    ]);
    const { body: clusters } = await t.call('listClusters', { zoneid: full.zoneId });
    expect(clusters['cluster']).toEqual([
      expect.objectContaining({ cpuovercommitratio: '4.0', memoryovercommitratio: '1.0' }),
    ]);
  });
});

describe('listCapacity', () => {
  it('sums up what takes something, zone by zone', async () => {
    const all = await capacity();
    const of = (zoneId: string) => all.filter((row) => row['zoneid'] === zoneId);
    expect(amountsOf(of(full.zoneId))).toEqual({
      ...OF_HOSTS,
      // With the pool of the whole zone.
      STORAGE: [2e12, 35e10, '17.50'],
      STORAGE_ALLOCATED: [35e11, 45e10, '12.86'],
      VIRTUAL_NETWORK_PUBLIC_IP: [4, 1, '25.00'],
      VLAN: [10, 1, '10.00'],
      LOCAL_STORAGE: OF_ITS_POOLS.LOCAL_STORAGE,
    });
    expect(of(full.zoneId).map(({ type }) => type)).toEqual([0, 1, 2, 3, 4, 7, 9]);
    expect(amountsOf(of(bare.zoneId))).toEqual({
      MEMORY: [(16_384 - OWN_MIB) * MIB, 0, '0.00'],
      CPU: [64_000, 0, '0.00'],
      STORAGE: [1e12, 0, '0.00'],
      STORAGE_ALLOCATED: [2e12, 0, '0.00'],
    });
    expect(all).toHaveLength(11);
  });

  it('says of a zone, a pod or a cluster what lies there', async () => {
    const zone = { zoneid: full.zoneId, zonename: expect.stringMatching(/^zone-/) as string };
    const pod = { ...zone, podid: full.podId, podname: 'pod' };
    expect(amountsOf(await capacity({ zoneid: bare.zoneId }))).toHaveProperty('CPU', [64_000, 0, '0.00']);
    for (const [asked, where] of [
      [{ podid: full.podId }, pod],
      [{ podid: full.podId, zoneid: full.zoneId }, pod],
      [{ clusterid: full.clusterId }, { ...pod, clusterid: full.clusterId, clustername: 'cluster' }],
    ] as const) {
      const found = await capacity(asked);
      expect(amountsOf(found)).toEqual({ ...OF_HOSTS, ...OF_ITS_POOLS });
      for (const row of found) expect(row).toMatchObject(where);
    }
    const [ofZone] = await capacity({ zoneid: full.zoneId });
    expect(Object.keys(ofZone ?? {})).not.toContain('podid');
    expect(await capacity({ zoneid: bare.zoneId, clusterid: full.clusterId })).toEqual([]);
    expect(await capacity({ zoneid: newId() })).toEqual([]);
  });

  it('by kind, by page and the fullest first; always the latest', async () => {
    expect(await capacity({ type: '1' })).toMatchObject([{ capacityused: 6_400 }, { capacityused: 0 }]);
    expect(await capacity({ type: '6' })).toEqual([]);
    const fullest = await capacity({ sortby: 'usage', fetchlatest: 'true' });
    const shares = fullest.map((row) => Number(row['percentused']));
    expect(shares).toEqual(shares.toSorted((a, b) => b - a));
    expect(await capacity({ sortby: 'usage', page: '2', pagesize: '3' })).toEqual(fullest.slice(3, 6));
    const { body } = await t.call('listCapacity', { sortby: 'name' });
    expect(body['errorcode']).toBe(431);
    await t.db.source.query('UPDATE host SET cpu_mhz_reserved = 3200 WHERE id = ?', [full.hostId]);
    expect(await capacity({ type: '1' })).toMatchObject([{ capacityused: 3_200, percentused: '5.00' }, {}]);
  });

  it('has nothing to say of a cloud without hosts and pools that take something', async () => {
    await t.db.source.query("UPDATE host SET state = 'Down'");
    await t.db.source.query("UPDATE storage_pool SET allocation_state = 'Disabled'");
    expect((await capacity()).map(({ name }) => name)).toEqual(['VIRTUAL_NETWORK_PUBLIC_IP', 'VLAN']);
    expect((await t.call('listCapacity', { clusterid: full.clusterId })).body).toEqual({});
  });
});
