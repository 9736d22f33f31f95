/** What placements read: right, and with the same few queries however many machines there are. */
import { newId } from '@durastack/kit/ids/new-id';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { insertRow } from '../database/rows.js';
import { autocommit, type Tx } from '../database/transaction.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { readNeeds, readNeedsToReserve } from './placement-needs.js';
import { readDestinations, readZoneSnapshot, refuseNewDedications } from './placement-rows.js';

const OVERCOMMIT = {
  host: { cpuOvercommit: 4, hostMemoryMib: 1_024 },
};
const created_at = new Date();
const ids = { zone: newId(), domain: newId(), account: newId(), template: newId(), plain: newId(), tagged: newId() };
const [poolId, hostId, groupId, diskOfferingId] = [newId(), newId(), newId(), newId()];
const [first, second, idle] = [newId(), newId(), newId()];

let db: TestDatabase;
let tx: Tx;
let queries = 0;
beforeAll(async () => {
  db = await createTestDatabase();
  const plain = autocommit(db.source);
  tx = {
    ...plain,
    query: (statement, values) => {
      queries += 1;
      return plain.query<never>(statement, values);
    },
  };
  const own = { account_id: ids.account, domain_id: ids.domain, zone_id: ids.zone, created_at };
  await insertRow(tx, 'domain', {
    id: ids.domain,
    name: 'acme',
    path: '/acme/',
    display_path: 'ROOT/acme',
    created_at,
  });
  await insertRow(tx, 'template', {
    ...{ ...own, id: ids.template, name: 't', display_text: 't', url: 'http://127.0.0.1/', format: 'QCOW2' },
    ...{ hypervisor: 'KVM', state: 'Ready' },
  });
  const size = { display_text: '', cpu_count: 2, cpu_mhz: 500, memory_mib: 256, storage_type: 'shared', created_at };
  await insertRow(tx, 'service_offering', { ...size, id: ids.plain, name: 'plain' });
  await insertRow(tx, 'service_offering', {
    ...{ ...size, id: ids.tagged, name: 'tagged', host_tags: 'gpu, ssd', storage_tags: 'fast' },
  });
  await insertRow(tx, 'disk_offering', {
    ...{ id: diskOfferingId, name: 'd', display_text: '', storage_type: 'shared', tags: 'cold', created_at },
  });
  const place = { zone_id: ids.zone, pod_id: ids.zone, cluster_id: ids.zone, allocation_state: 'Enabled', created_at };
  const host = { ...place, hypervisor: 'KVM', cpu_count: 4, cpu_mhz: 1_000, memory_mib: 4_096 };
  await insertRow(tx, 'host', {
    ...{ ...host, id: hostId, name: 'h', state: 'Up', tags: 'gpu', ip_address: '192.0.2.1' },
    ...{ memory_mib_reserved: 1_000, cpu_mhz_reserved: 6_000 },
  });
  for (const state of ['Creating', 'Error', 'Removing', 'Removed'])
    await insertRow(tx, 'host', { ...host, id: newId(), name: state, state });
  await insertRow(tx, 'storage_pool', {
    ...{ ...place, id: poolId, name: 'p', kind: 'shared-mount-point', scope: 'CLUSTER', path: '/p', state: 'Up' },
    ...{ capacity_bytes: 1_000, reserved_bytes: 500, tags: 'fast' },
  });
  const machine = { ...own, display_name: '', template_id: ids.template, cpu_count: 2, cpu_mhz: 500, memory_mib: 256 };
  const power = { desired_power: 'on', observed_power: 'running', display_vm: 1 };
  for (const [id, more] of [
    [first, { service_offering_id: ids.tagged, host_id: hostId, state: 'Running' }],
    [second, { service_offering_id: ids.plain, last_host_id: hostId, state: 'Starting' }],
    [idle, { service_offering_id: ids.plain, state: 'Stopped' }],
  ] as const)
    await insertRow(tx, 'virtual_machine', { ...machine, ...power, id, name: id, instance_name: id, ...more });
  const volume = { ...own, name: 'v', size_bytes: 100 };
  const disks: Record<string, unknown>[] = [
    { vm_id: first, kind: 'ROOT', state: 'Ready', pool_id: poolId },
    { vm_id: first, kind: 'DATADISK', state: 'Ready', pool_id: poolId, disk_offering_id: diskOfferingId },
    { vm_id: first, kind: 'DATADISK', state: 'Expunged', pool_id: poolId },
    { vm_id: second, kind: 'ROOT', state: 'Allocated', pool_id: poolId },
    { vm_id: second, kind: 'DATADISK', state: 'Allocated' },
  ];
  for (const disk of disks) await insertRow(tx, 'volume', { ...volume, id: newId(), ...disk });
  await insertRow(tx, 'affinity_group', {
    ...{ id: groupId, name: 'g', type: 'host anti-affinity', account_id: ids.account, domain_id: ids.domain },
    created_at,
  });
  for (const vm_id of [first, second])
    await insertRow(tx, 'affinity_group_member', { group_id: groupId, vm_id, created_at });
}, 120_000);
afterAll(() => db?.drop());

describe('readNeeds', () => {
  it('says what each machine needs', async () => {
    const needs = await readNeeds(tx, [first, second, newId()]);
    expect(needs.size).toBe(2);
    expect(needs.get(first)).toMatchObject({
      ...{ cpuMhz: 1_000, memoryMib: 256, hypervisor: 'KVM', hostTags: ['gpu', 'ssd'], hostId, lastHostId: null },
      ...{ owner: { accountId: ids.account, domainPath: '/acme/' }, dedications: 0, tunnelNetwork: null },
      affinity: [{ name: 'g', kind: 'anti-affinity', strict: true, hostIds: [] }],
    });
    expect(needs.get(second)).toMatchObject({ lastHostId: hostId, hostTags: [], affinity: [{ hostIds: [hostId] }] });
  });

  it('has its disks with the tags of their offerings; those that do not exist yet have no pool', async () => {
    const needs = await readNeeds(tx, [first, second, idle]);
    const disksOf = (id: string) => needs.get(id)?.disks.map((disk) => [disk.poolId, disk.tags, disk.sizeBytes]);
    expect(disksOf(first)).toHaveLength(2);
    expect(disksOf(first)).toEqual(
      expect.arrayContaining([
        [poolId, ['fast'], 100],
        [poolId, ['cold'], 100],
      ]),
    );
    expect(disksOf(second)).toEqual([
      [null, [], 100],
      [null, [], 100],
    ]);
    expect(disksOf(idle)).toEqual([]);
  });

  it('counts a member wherever room is reserved for it', async () => {
    const elsewhere = newId();
    await tx.execute(
      "INSERT INTO reservation (owner_id, resource_type, resource_id, purpose, cpu_mhz, memory_mib, created_at) VALUES (?, 'host', ?, 'migrate', 1, 1, NOW(3))",
      [first, elsewhere],
    );
    const hostIds = (await readNeeds(tx, [second])).get(second)?.affinity[0]?.hostIds;
    expect([...(hostIds ?? [])].sort()).toEqual([hostId, elsewhere].sort());
  });

  it('asks the same few queries for any number of machines', async () => {
    const countFor = async (vmIds: readonly string[]) => {
      queries = 0;
      await readNeeds(tx, vmIds);
      return queries;
    };
    expect([
      await countFor([]),
      await countFor([idle]),
      await countFor([first]),
      await countFor([first, second, idle]),
    ]).toEqual([0, 1, 3, 3]);
  });

  it('reads again once it holds the rows of strict groups, and only then', async () => {
    queries = 0;
    await readNeedsToReserve(tx, idle);
    expect(queries).toBe(1);
    await readNeedsToReserve(tx, first);
    expect(queries).toBe(1 + 3 + 1 + 3);
    expect(await readNeedsToReserve(tx, newId())).toBeUndefined();
  });
});

describe('readZoneSnapshot', () => {
  it('has the hosts and pools of a zone with what is free of them, in three queries', async () => {
    queries = 0;
    const { hosts, pools, dedications } = await readZoneSnapshot(tx, OVERCOMMIT, ids.zone);
    expect(queries).toBe(3);
    expect(hosts).toMatchObject([
      { id: hostId, tags: ['gpu'], cpuMhzFree: 10_000, memoryMibFree: 2_072, tunnelAddress: '192.0.2.1' },
    ]);
    expect(pools).toMatchObject([{ id: poolId, bytesFree: 1_500, tags: ['fast'] }]);
    expect(dedications).toEqual([]);
  });
});

describe('readDestinations', () => {
  it('has the hosts that reach the disks, and the one that was asked for', async () => {
    const elsewhere = newId();
    await insertRow(tx, 'host', {
      ...{ id: elsewhere, name: 'far', zone_id: ids.zone, pod_id: ids.zone, cluster_id: newId(), hypervisor: 'KVM' },
      ...{ state: 'Up', allocation_state: 'Enabled', created_at },
    });
    const needs = (await readNeeds(tx, [first])).get(first)!;
    const hostsFor = async (...[requested]: [requested?: string]) => {
      const { hosts, pools } = await readDestinations(tx, OVERCOMMIT, needs, requested);
      expect(pools.map(({ id }) => id)).toEqual([poolId]);
      return hosts.map(({ id }) => id).sort();
    };
    expect(await hostsFor()).toEqual([hostId]);
    expect(await hostsFor(elsewhere)).toEqual([hostId, elsewhere].sort());
    expect(await hostsFor(newId())).toEqual([hostId]);
    const { hosts } = await readDestinations(tx, OVERCOMMIT, { ...needs, disks: [] });
    expect(hosts).toHaveLength(2);
  });
});

describe('refuseNewDedications', () => {
  it('lets a choice pass until something is dedicated in the zone', async () => {
    const needs = (await readNeeds(tx, [idle])).get(idle)!;
    await refuseNewDedications(tx, needs);
    await insertRow(tx, 'dedication', {
      ...{
        id: newId(),
        resource_type: 'host',
        resource_id: hostId,
        zone_id: ids.zone,
        domain_id: ids.domain,
        created_at,
      },
    });
    await expect(refuseNewDedications(tx, needs)).rejects.toMatchObject({ code: 'BACKEND_BUSY' });
    expect((await readNeeds(tx, [idle])).get(idle)?.dedications).toBe(1);
    expect((await readDestinations(tx, OVERCOMMIT, { ...needs, dedications: 1 })).dedications).toEqual([
      { resourceType: 'host', resourceId: hostId, accountId: null, domainPath: '/acme/' },
    ]);
  });
});
