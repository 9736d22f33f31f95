/** A large zone is looked at through a sample; what the sample misses is still found. */
import { newId } from '@durastack/kit/ids/new-id';
import { planPlacement, type PlacementRequest } from '@durastack/model/placement/plan-placement';
import { insertRow } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { createTestDatabase, type TestDatabase } from '@durastack/store/testing/test-database';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SnapshotReader, type Snapshot } from './placement-snapshot.js';

const HOSTS = 230;
const CLUSTERS = 5;
const zoneId = newId();
const clusterIds = Array.from({ length: CLUSTERS }, () => newId());
const hosts = Array.from({ length: HOSTS }, (_, index) => ({ id: newId(), cluster: clusterIds[index % CLUSTERS]! }));
const special = hosts[17]!;
const localPoolId = newId();
const request: PlacementRequest = { cpuMhz: 500, memoryMib: 1_024, hypervisor: 'KVM', hostTags: [], diskBytes: 1 };

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

async function attempts(wanted: PlacementRequest, silent: ReadonlySet<string> = new Set()): Promise<Snapshot[]> {
  const all: Snapshot[] = [];
  const reader = new SnapshotReader();
  for await (const one of reader.attempts(autocommit(db.source), zoneId, { request: wanted, silent })) all.push(one);
  return all;
}
const hostsOf = (wanted: PlacementRequest, { hosts: seen, pools }: Snapshot) =>
  planPlacement(wanted, seen, pools).candidates.map(({ hostId }) => hostId);

describe('SnapshotReader', () => {
  it('begins with a few random hosts and the pools that they reach', async () => {
    const [first] = await attempts(request);
    const [again] = await attempts(request);
    expect(first!.hosts.length).toBeLessThan(HOSTS / 2);
    expect(hostsOf(request, first!)).toHaveLength(first!.hosts.length);
    expect(again!.hosts.map(({ id }) => id).sort()).not.toEqual(first!.hosts.map(({ id }) => id).sort());
  });

  it('has the host of the last run in every sample', async () => {
    const [first] = await attempts({ ...request, lastHostId: special.id });
    expect(hostsOf({ ...request, lastHostId: special.id }, first!)[0]).toBe(special.id);
  });

  it('then looks at all that would do: one host of hundreds has the tag', async () => {
    const tagged = { ...request, hostTags: ['fast'] };
    const all = await attempts(tagged);
    expect(hostsOf(tagged, all[1]!)).toEqual([special.id]);
  });

  it('ends with the hosts that explain a refusal', async () => {
    const huge = { ...request, memoryMib: 999_999 };
    const all = await attempts(huge);
    const { hosts: seen, pools } = all.at(-1)!;
    expect(all).toHaveLength(2);
    expect(planPlacement(huge, seen, pools).refused[0]?.reason).toContain('memory free');
  });

  it('looks at the one host alone that was asked for, or that has the disk', async () => {
    for (const narrow of [
      { ...request, requestedHostId: special.id },
      { ...request, fixedPoolId: localPoolId },
    ]) {
      const all = await attempts(narrow);
      expect(all.map(({ hosts: seen }) => seen.map(({ id }) => id))).toEqual([[special.id]]);
      expect(hostsOf(narrow, all[0]!)).toEqual([special.id]);
    }
  });

  it('puts hosts that do not answer behind the others', async () => {
    const silent = new Set(hosts.slice(0, HOSTS - 1).map(({ id }) => id));
    const all = await attempts(request, silent);
    expect(all[1]!.hosts[0]!.id).toBe(hosts.at(-1)!.id);
  });
});
