/** A large zone is looked at through a sample; what the sample misses is still found. */
import type { DiskNeed, MachineNeeds, PlacementSnapshot } from '@durastack/contracts/compute/placement';
import { newId } from '@durastack/kit/ids/new-id';
import { planPlacement } from '@durastack/model/placement/plan-placement';
import { insertRow } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { createTestDatabase, type TestDatabase } from '@durastack/store/testing/test-database';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SnapshotReader } from './placement-snapshot.js';

const HOSTS = 230;
const CLUSTERS = 5;
const zoneId = newId();
const clusterIds = Array.from({ length: CLUSTERS }, () => newId());
const hosts = Array.from({ length: HOSTS }, (_, index) => ({ id: newId(), cluster: clusterIds[index % CLUSTERS]! }));
const special = hosts[17]!;
const localPoolId = newId();
const disk: DiskNeed = { volumeId: newId(), sizeBytes: 1, poolId: null, tags: [] };
const needs: MachineNeeds = {
  ...{ vmId: newId(), name: 'web', zoneId, cpuMhz: 500, memoryMib: 1_024, hypervisor: 'KVM', hostTags: [] },
  ...{
    disks: [disk],
    affinity: [],
    tunnelNetwork: null,
    dedications: 1,
    owner: { accountId: newId(), domainPath: '/' },
  },
  ...{ hostId: null, requestedHostId: null, lastHostId: null },
};

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
  const tx = autocommit(db.source);
  const common = { zone_id: zoneId, pod_id: zoneId, state: 'Up', allocation_state: 'Enabled', created_at: new Date() };
  for (const [index, { id, cluster }] of hosts.entries()) {
    await insertRow(tx, 'host', {
      ...{ ...common, id, name: `h${index}`, cluster_id: cluster, hypervisor: 'KVM', cpu_count: 8, cpu_mhz: 2_000 },
      ...{ memory_mib: 16_384, ...(id === special.id ? { tags: 'gpu,fast' } : {}) },
    });
  }
  const pool = { ...common, kind: 'shared-mount-point', path: '/p', capacity_bytes: 1e12 };
  for (const cluster_id of clusterIds)
    await insertRow(tx, 'storage_pool', { ...pool, id: newId(), name: 'p', cluster_id, scope: 'CLUSTER' });
  const { id: host_id, cluster: cluster_id } = special;
  await insertRow(tx, 'storage_pool', { ...pool, id: localPoolId, name: 'local', cluster_id, host_id, scope: 'HOST' });
}, 120_000);
afterAll(() => db?.drop());

async function attempts(wanted: MachineNeeds, silent: ReadonlySet<string> = new Set()): Promise<PlacementSnapshot[]> {
  const all: PlacementSnapshot[] = [];
  const reader = new SnapshotReader();
  for await (const one of reader.attempts(autocommit(db.source), { needs: wanted, silent })) all.push(one);
  return all;
}
const hostsOf = (wanted: MachineNeeds, snapshot: PlacementSnapshot) =>
  planPlacement(wanted, snapshot).candidates.map(({ host }) => host.id);

describe('SnapshotReader', () => {
  it('begins with a few random hosts and the pools that they reach', async () => {
    const [first] = await attempts(needs);
    const [again] = await attempts(needs);
    expect(first!.hosts.length).toBeLessThan(HOSTS / 2);
    expect(hostsOf(needs, first!)).toHaveLength(first!.hosts.length);
    expect(again!.hosts.map(({ id }) => id).sort()).not.toEqual(first!.hosts.map(({ id }) => id).sort());
  });

  it('has the host of the last run in every sample', async () => {
    const [first] = await attempts({ ...needs, lastHostId: special.id });
    expect(hostsOf({ ...needs, lastHostId: special.id }, first!)[0]).toBe(special.id);
  });

  it('then looks at all that would do: one host of hundreds has the tag', async () => {
    const tagged = { ...needs, hostTags: ['fast'] };
    const all = await attempts(tagged);
    expect(hostsOf(tagged, all[1]!)).toEqual([special.id]);
  });

  it('ends with the hosts that explain a refusal', async () => {
    const huge = { ...needs, memoryMib: 999_999 };
    const all = await attempts(huge);
    expect(all).toHaveLength(2);
    expect(planPlacement(huge, all.at(-1)!).refused[0]?.reasons[0]?.kind).toBe('memory');
  });

  it('looks at the one host alone that was asked for, or that has the disk', async () => {
    for (const narrow of [
      { ...needs, requestedHostId: special.id },
      { ...needs, disks: [{ ...disk, poolId: localPoolId }] },
    ]) {
      const all = await attempts(narrow);
      expect(all.map(({ hosts: seen }) => seen.map(({ id }) => id))).toEqual([[special.id]]);
      expect(hostsOf(narrow, all[0]!)).toEqual([special.id]);
    }
  });

  it('puts hosts that do not answer behind the others', async () => {
    const silent = new Set(hosts.slice(0, HOSTS - 1).map(({ id }) => id));
    const all = await attempts(needs, silent);
    for (const { hosts: looked } of all) expect(looked[0]!.id).toBe(hosts.at(-1)!.id);
  });

  it('draws none that does not answer', async () => {
    const silent = new Set(hosts.slice(0, HOSTS / 2).map(({ id }) => id));
    const [sample] = await attempts(needs, silent);
    expect(sample!.hosts.filter(({ id }) => silent.has(id))).toEqual([]);
  });

  describe('with limits that a random sample would miss', () => {
    const group = { groupId: newId(), name: 'g', strict: true, hostIds: [special.id] };
    it('looks for a strict affinity group where it is', async () => {
      const bound: MachineNeeds = { ...needs, affinity: [{ ...group, kind: 'affinity' }] };
      const [first] = await attempts(bound);
      expect(hostsOf(bound, first!)).toEqual([special.id]);
    });

    it('keeps away from where an anti-affinity group is', async () => {
      const apart: MachineNeeds = { ...needs, affinity: [{ ...group, kind: 'anti-affinity' }] };
      for (const snapshot of await attempts(apart)) expect(hostsOf(apart, snapshot)).not.toContain(special.id);
    });

    it('looks first at what is dedicated to the owner, and never gives it to others', async () => {
      const tx = autocommit(db.source);
      const domain_id = newId();
      await insertRow(tx, 'domain', {
        ...{ id: domain_id, name: 'acme', path: `/${domain_id}/`, display_path: 'ROOT/acme', created_at: new Date() },
      });
      await insertRow(tx, 'dedication', {
        ...{ id: newId(), resource_type: 'host', resource_id: special.id, zone_id: zoneId, domain_id },
        created_at: new Date(),
      });
      const own: MachineNeeds = { ...needs, owner: { accountId: newId(), domainPath: `/${domain_id}/` } };
      expect(hostsOf(own, (await attempts(own))[0]!)).toEqual([special.id]);
      for (const snapshot of await attempts(needs)) expect(hostsOf(needs, snapshot)).not.toContain(special.id);
    });
  });
});
