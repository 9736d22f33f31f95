/** Data disks that a machine was given before it ran on any host: they are made with its start. */
import type { VolumeSpec } from '@durastack/contracts/agent/specs';
import type { StepRef } from '@durastack/contracts/operations/step';
import type { Tx } from '@durastack/store/database/transaction';
import { forgetDescriptions } from '@durastack/store/identity/described';
import { releasePools } from '@durastack/store/operations/reservations';
import { inStep, underStep } from '@durastack/store/operations/run';
import { transitionIfAllowed } from '@durastack/store/operations/state-rows';
import { POOL_SPEC_COLUMNS, toPoolSpec, type PoolSpecRow } from '@durastack/store/storage/pool-spec';
import { readVolume } from '@durastack/store/storage/volume-row';
import type { ActivityDependencies } from '../dependencies.js';
import { removeVolume } from './volume-hosts.js';
import { readVolumeWork } from './volume-work.js';

type Means = Pick<ActivityDependencies, 'source' | 'agents'>;

async function readVolumes(tx: Tx, where: string, values: readonly unknown[]): Promise<VolumeSpec[]> {
  const rows = await tx.query<PoolSpecRow & { volumeId: string; sizeBytes: number }>(
    `SELECT d.id AS volumeId, d.size_bytes AS sizeBytes, ${POOL_SPEC_COLUMNS}
     FROM volume d JOIN storage_pool p ON p.id = d.pool_id WHERE ${where}`,
    values,
  );
  return rows.map(({ volumeId, sizeBytes, ...pool }) => ({
    id: volumeId,
    pool: toPoolSpec(pool),
    sizeBytes: Number(sizeBytes),
  }));
}

/** Those for which room was taken, in these states. */
export const readNewDataVolumes = (tx: Tx, vmId: string, states: readonly string[]): Promise<VolumeSpec[]> =>
  readVolumes(tx, "d.vm_id = ? AND d.kind = 'DATADISK' AND d.state IN (?)", [vmId, states]);

/** Disks of the machine, the root disk among them, that have room but were never noted as made. */
export const readUnfinished = (tx: Tx, vmId: string): Promise<VolumeSpec[]> =>
  readVolumes(tx, "d.vm_id = ? AND d.state = 'Allocated'", [vmId]);

/** They exist, and count as made: from now on they may hold the machine's data. */
export async function makeDataVolumes(
  { source, agents }: Means,
  step: StepRef,
  { hostId, volumes }: { readonly hostId: string; readonly volumes: readonly VolumeSpec[] },
): Promise<void> {
  for (const volume of volumes) {
    await agents.call(hostId, 'ensureVolume', { volume }, step);
    await underStep(source, step, (tx) => transitionIfAllowed(tx, { type: 'volume', id: volume.id }, 'Created'));
  }
}

/** They are as they were before they were made: nothing was written to disks of a machine whose deploy failed. */
export async function unmakeDataVolumes(
  { source, agents }: Means,
  step: StepRef,
  { hostId, volumes }: { readonly hostId: string; readonly volumes: readonly VolumeSpec[] },
): Promise<void> {
  for (const { id: volumeId, pool } of volumes) {
    await removeVolume({ source, agents }, { volumeId, pool, hostId }, step);
    await underStep(source, step, async (tx) => {
      await transitionIfAllowed(tx, { type: 'volume', id: volumeId }, 'CreateUndone');
      await releaseRoom(tx, volumeId);
    });
  }
}

/** Data disks that were named to go with their machine are gone for good. */
export async function removeChosenVolumes(means: Means, step: StepRef): Promise<void> {
  const { vmId, volumeIds } = await inStep(means.source, step, async (_tx, { input, resource }) => ({
    vmId: resource.id,
    volumeIds: (input['volumeIds'] ?? []) as readonly string[],
  }));
  for (const volumeId of volumeIds) await removeDataVolume(means, step, { vmId, volumeId });
}

/** Nothing when it was taken from the machine meanwhile. */
async function removeDataVolume(
  { source, agents }: Means,
  step: StepRef,
  { vmId, volumeId }: { readonly vmId: string; readonly volumeId: string },
): Promise<void> {
  const found = await inStep(source, step, async (tx) => {
    const row = await readVolume(tx, volumeId);
    return row.vmId === vmId && row.kind === 'DATADISK' ? { work: await readVolumeWork(tx, row) } : undefined;
  });
  if (!found) return;
  const { work } = found;
  if (work) await removeVolume({ source, agents }, { volumeId, pool: work.volume.pool, hostId: work.hostId }, step);
  await underStep(source, step, async (tx) => {
    await transitionIfAllowed(tx, { type: 'volume', id: volumeId }, 'Expunged');
    await releaseRoom(tx, volumeId);
    await tx.execute('UPDATE volume SET vm_id = NULL, device_id = 0, attached_at = NULL WHERE id = ?', [volumeId]);
    await forgetDescriptions(tx, { type: 'volume', id: volumeId });
  });
}

/** Gives the room of a machine's volumes back that do not exist. */
export async function releaseUnmade(tx: Tx, vmId: string): Promise<void> {
  const unmade = await tx.query<{ id: string }>("SELECT id FROM volume WHERE vm_id = ? AND state = 'Allocated'", [
    vmId,
  ]);
  for (const { id } of unmade) await releaseRoom(tx, id);
}

/** Gives the room of a volume back that is on no pool. */
export async function releaseRoom(tx: Tx, volumeId: string): Promise<void> {
  await releasePools(tx, volumeId);
  await tx.execute('UPDATE volume SET pool_id = NULL WHERE id = ?', [volumeId]);
}
