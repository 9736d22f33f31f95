/**
 * Hosts of an estate. They are in state Error, as hosts whose agent could not be enrolled: nothing asks them for
 * anything, nothing is placed on them, and deleteHost removes them.
 */
import { newId } from '@durastack/kit/ids/new-id';
import type { DataSource } from 'typeorm';
import { insertRow, insertRows } from '../database/rows.js';
import { transaction } from '../database/transaction.js';
import { inBatches, newIds, type RowCount } from './batches.js';
import type { EstateGround } from './ground.js';

const HOSTS_PER_CLUSTER = 500;
const SIZE = { cpu_count: 64, cpu_mhz: 2_500, memory_mib: 262_144 };

/** Writes them, in a pod and clusters of their own. */
export async function makeHosts(
  source: DataSource,
  { zoneId: zone_id, prefix }: EstateGround,
  count: number,
): Promise<RowCount> {
  if (count === 0) return 0;
  const created_at = new Date();
  const common = { zone_id, allocation_state: 'Enabled', created_at };
  const pod_id = newId();
  const clusterIds = newIds(Math.ceil(count / HOSTS_PER_CLUSTER));
  await transaction(source, async (tx) => {
    await insertRow(tx, 'pod', { id: pod_id, name: `${prefix}-pod`, ...common });
    await insertRows(
      tx,
      'cluster',
      clusterIds.map((id, index) => ({
        id,
        pod_id,
        name: `${prefix}-cluster-${index + 1}`,
        hypervisor: 'Simulator',
        ...common,
      })),
    );
  });
  const ids = newIds(count);
  const rows = await inBatches(source, count, async (tx, indices) => {
    const some = indices.map((index) => ({
      ...{ id: ids[index], name: `${prefix}-host-${index + 1}`, zone_id, pod_id },
      cluster_id: clusterIds[Math.floor(index / HOSTS_PER_CLUSTER)],
      ...{ hypervisor: 'Simulator', state: 'Error', allocation_state: 'Disabled', ...SIZE, created_at },
      ip_address: `172.${16 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`,
    }));
    await insertRows(tx, 'host', some);
    return some.length;
  });
  return rows + 1 + clusterIds.length;
}
