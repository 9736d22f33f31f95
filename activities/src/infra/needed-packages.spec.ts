import { newId } from '@durastack/kit/ids/new-id';
import { insertRow } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { createTestDatabase, type TestDatabase } from '@durastack/store/testing/test-database';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readNeededPackages } from './needed-packages.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
}, 120_000);
afterAll(() => db?.drop());

/** A host in a zone of its own; a pool when its state is given. */
async function host({
  vnis,
  pool,
  elsewhere,
}: {
  vnis?: boolean;
  pool?: string;
  elsewhere?: boolean;
}): Promise<string> {
  const tx = autocommit(db.source);
  const [id, zone_id, cluster_id] = [newId(), newId(), newId()];
  const common = { allocation_state: 'Enabled', created_at: new Date() };
  const dns = { dns1: '10.0.0.1', internal_dns1: '10.0.0.1', network_type: 'Advanced' };
  const range = vnis === true ? { vni_first: 1, vni_last: 9 } : {};
  await insertRow(tx, 'zone', { ...common, ...dns, ...range, id: zone_id, name: zone_id });
  const place = { zone_id, pod_id: zone_id, cluster_id };
  await insertRow(tx, 'host', { ...common, ...place, id, name: id, state: 'Creating', hypervisor: 'KVM' });
  if (pool === undefined) return id;
  const reach = { ...place, cluster_id: elsewhere === true ? newId() : cluster_id, scope: 'CLUSTER' };
  const kind = { kind: 'rbd', path: 'p', state: pool };
  await insertRow(tx, 'storage_pool', { ...common, ...reach, ...kind, id: newId(), name: 'ceph' });
  return id;
}

it.each([
  { what: 'nothing', is: {}, needs: [] },
  { what: 'Open vSwitch for VXLAN', is: { vnis: true }, needs: ['openvswitch-switch'] },
  { what: "Ceph's tools for a pool on RBD", is: { pool: 'Up' }, needs: ['ceph-common', 'qemu-block-extra'] },
  { what: 'nothing for a pool that is not used', is: { pool: 'Error' }, needs: [] },
  { what: 'nothing for a pool of another cluster', is: { pool: 'Up', elsewhere: true }, needs: [] },
])('a host needs $what besides', async ({ is, needs }) => {
  expect(await readNeededPackages(autocommit(db.source), await host(is))).toEqual(needs);
});
