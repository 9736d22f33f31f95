/** Recovery's facts from the rows, and its conclusions into them. */
import type {
  HostContents,
  OpenOperation,
  RecoveryFacts,
  RecoveryVerdict,
} from '@durastack/model/recovery/recovery-facts';
import { transaction, type Tx } from '@durastack/store/database/transaction';
import { distrustAll, joinNetworks } from '@durastack/store/network/fabric';
import { endOperation, lockForEnding } from '@durastack/store/operations/end';
import { isOpenSql } from '@durastack/store/operations/open-operations';
import { readOperation } from '@durastack/store/operations/operation-row';
import { transitionIfAllowed } from '@durastack/store/operations/state-rows';
import { recordHostUse, recordPoolUse } from '@durastack/store/recovery/recorded-use';
import { replaceFindings } from '@durastack/store/recovery/recovery-hosts';
import { endRecovery } from '@durastack/store/recovery/recovery-state';
import type { DataSource } from 'typeorm';
import { forgetMigration } from '../compute/migration-rows.js';

/** Everything that is judged. */
export async function readRecoveryFacts(tx: Tx): Promise<RecoveryFacts> {
  const hosts = await tx.query<{ id: string; name: string; state: string; json: string | null }>(
    'SELECT h.id, h.name, r.state, r.inventory_json AS json FROM recovery_host r JOIN host h ON h.id = r.host_id',
  );
  const networks = await tx.query<{ id: string }>("SELECT id FROM network WHERE state <> 'Removed'");
  return {
    hosts: hosts.map(({ id, name, state, json }) => ({
      id,
      name,
      inventory: state === 'read' && json !== null ? (JSON.parse(json) as HostContents) : undefined,
    })),
    machines: await tx.query(
      'SELECT id, name, state, host_id AS hostId, observed_power AS observedPower FROM virtual_machine',
    ),
    volumes: await tx.query(
      "SELECT id, name, state, pool_id AS poolId, IF(kind = 'ROOT', vm_id, NULL) AS vmId FROM volume",
    ),
    pools: await tx.query("SELECT id, name FROM storage_pool WHERE state <> 'Removed'"),
    networkIds: networks.map(({ id }) => id),
    operations: await readOpenOperations(tx),
  };
}

async function readOpenOperations(tx: Tx): Promise<OpenOperation[]> {
  const rows = await tx.query<
    Omit<OpenOperation, 'begun' | 'resource'> & { begun: number; type: string; resourceId: string }
  >(
    `SELECT o.id, o.kind, o.state, o.summary, o.resource_type AS type, o.resource_id AS resourceId,
       (o.direction <> 'forward' OR EXISTS (SELECT 1 FROM operation_run r WHERE r.operation_id = o.id)) AS begun
     FROM operation o WHERE ${isOpenSql('o')} ORDER BY o.seq DESC`,
  );
  return rows.map(({ begun, type, resourceId, ...row }) => ({
    ...row,
    begun: Number(begun) === 1,
    resource: { type, id: resourceId },
  }));
}

/** Writes the conclusions and ends recovery. What a crash interrupts is concluded again from the same facts. */
export async function applyRecovery(source: DataSource, verdict: RecoveryVerdict): Promise<void> {
  for (const machine of verdict.machines) await transaction(source, (tx) => recordMachine(tx, machine));
  for (const volume of verdict.volumes) await transaction(source, (tx) => recordVolume(tx, volume));
  for (const operation of verdict.operations) await transaction(source, (tx) => endByFacts(tx, operation));
  const { machines, operations, findings } = verdict;
  await transaction(source, async (tx) => {
    await replaceFindings(tx, findings);
    await distrustAll(tx);
    const ended = operations.filter(({ outcome }) => outcome !== 'run-again' && outcome !== 'left').length;
    await endRecovery(
      tx,
      `${machines.length} machines corrected, ${ended} operations ended, ${findings.length} findings for an administrator`,
    );
  });
}

async function recordMachine(tx: Tx, { id, place, event }: RecoveryVerdict['machines'][number]): Promise<void> {
  if (place) {
    await recordHostUse(tx, id, place.hostId);
    await tx.execute(
      `UPDATE virtual_machine SET last_host_id = COALESCE(host_id, last_host_id), host_id = ?, observed_power = ?, observed_at = NOW(3)
        WHERE id = ?`,
      [place.hostId, place.power, id],
    );
    if (place.hostId !== null) await joinNetworks(tx, { vmId: id, hostId: place.hostId });
  }
  if (event !== undefined) await transitionIfAllowed(tx, { type: 'virtual-machine', id }, event);
}

async function recordVolume(tx: Tx, { id, poolId, event }: RecoveryVerdict['volumes'][number]): Promise<void> {
  if (poolId !== undefined) {
    await recordPoolUse(tx, id, poolId);
    // One that existed and is on another pool was moved there after the backup: it stands alone since.
    await tx.execute(
      `UPDATE volume SET template_id = IF(state IN ('Ready', 'Destroy') AND pool_id <> ?, NULL, template_id), pool_id = ? WHERE id = ?`,
      [poolId, poolId, id],
    );
  }
  if (event !== undefined) await transitionIfAllowed(tx, { type: 'volume', id }, event);
}

const MIGRATIONS: ReadonlySet<string> = new Set(['migrateVirtualMachine', 'migrateVirtualMachineWithVolume']);

async function endByFacts(tx: Tx, { id, outcome, message }: RecoveryVerdict['operations'][number]): Promise<void> {
  if (outcome === 'run-again' || outcome === 'left') return;
  await lockForEnding(tx, id);
  const operation = await readOperation(tx, id, 'FOR UPDATE');
  if (!operation || !['queued', 'granted', 'running'].includes(operation.state)) return;
  if (MIGRATIONS.has(operation.kind)) await forgetMigration(tx, operation.resource.id);
  await tx.execute('DELETE FROM volume_copy WHERE operation_id = ?', [operation.id]);
  // A row that was created in its transitional state must leave it; machines have had their facts recorded.
  const undo = operation.lifecycle.begin === undefined && operation.resource.type !== 'virtual-machine';
  await endOperation(tx, operation, {
    state: outcome,
    ...(undo && outcome !== 'succeeded' ? { event: operation.lifecycle.undo } : {}),
    ...(outcome === 'succeeded'
      ? {}
      : { error: { code: outcome === 'cancelled' ? 'CANCELLED' : 'RECOVERING', message } }),
  });
}
