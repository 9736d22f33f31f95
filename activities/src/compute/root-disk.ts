/** Making a root disk from its template, and removing one that its machine does not use. */
import type { PoolSpec, VolumeSpec } from '@durastack/contracts/agent/specs';
import type { VerbParams } from '@durastack/contracts/agent/verbs';
import { isDurastackError } from '@durastack/contracts/errors';
import { DONE, pending, type StepOutcome, type StepRef } from '@durastack/contracts/operations/step';
import type { Tx } from '@durastack/store/database/transaction';
import { underStep } from '@durastack/store/operations/run';
import { transitionIfAllowed } from '@durastack/store/operations/state-rows';
import { POOL_SPEC_COLUMNS, toPoolSpec, type PoolSpecRow } from '@durastack/store/storage/pool-spec';
import type { ActivityDependencies } from '../dependencies.js';
import { releaseRoom } from '../storage/data-volumes.js';
import { removeVolume } from '../storage/volume-hosts.js';
import { taskOutcome } from '../task-outcome.js';
import { readTemplateStore, type RootVolumeRow } from './vm-rows.js';

type Means = Pick<ActivityDependencies, 'source' | 'agents'>;

/** What there is to do for a root disk that does not exist yet. */
export interface RootWork {
  readonly volume: VolumeSpec;
  /** Given when the base image has to be copied to the pool first. */
  readonly copy?: VerbParams<'ensureTemplateOnPool'>;
}

/** What there is to do for it on this pool; notes that the pool is to have the base image. */
export async function readRootWork(
  tx: Tx,
  { id, sizeBytes, templateId }: RootVolumeRow,
  pool: PoolSpec,
): Promise<RootWork> {
  const volume = { id, pool, sizeBytes, ...(templateId ? { templateId } : {}) };
  if (templateId === null) return { volume };
  const [known] = await tx.query<{ ready: number }>(
    'SELECT ready_at IS NOT NULL AS ready FROM template_on_pool WHERE template_id = ? AND pool_id = ?',
    [templateId, pool.id],
  );
  if (known?.ready === 1) return { volume };
  // Written before the copy, so that removal of the template finds it.
  await tx.execute(
    'INSERT INTO template_on_pool (template_id, pool_id, created_at) VALUES (?, ?, NOW(3)) ON DUPLICATE KEY UPDATE pool_id = VALUES(pool_id)',
    [templateId, pool.id],
  );
  return { volume, copy: { templateId, store: await readTemplateStore(tx, templateId), pool } };
}

/** The disk exists on its host's pool, over the template's base image, and counts as made. */
export async function makeRootDisk(
  { source, agents }: Means,
  step: StepRef,
  { hostId, volume, copy }: RootWork & { readonly hostId: string },
): Promise<StepOutcome> {
  if (copy) {
    const outcome = taskOutcome(await agents.task(hostId, 'ensureTemplateOnPool', copy, step));
    if (!outcome.done) return outcome;
    await underStep(source, step, (tx) => markTemplate(tx, volume, 'ready'));
  }
  try {
    await agents.call(hostId, 'ensureVolume', { volume }, step);
  } catch (error) {
    if (!isDurastackError(error, 'NOT_FOUND') || copy) throw error;
    // Somebody took the base image away: it is copied again.
    await underStep(source, step, (tx) => markTemplate(tx, volume, 'absent'));
    return pending(0, 'the base image is missing on the pool');
  }
  await underStep(source, step, (tx) => transitionIfAllowed(tx, { type: 'volume', id: volume.id }, 'Created'));
  return DONE;
}

/** Notes whether a pool has the base image of a volume. */
async function markTemplate(tx: Tx, { templateId, pool }: VolumeSpec, is: 'ready' | 'absent'): Promise<void> {
  await tx.execute('UPDATE template_on_pool SET ready_at = IF(?, NOW(3), NULL) WHERE template_id = ? AND pool_id = ?', [
    is === 'ready',
    templateId,
    pool.id,
  ]);
}

/** Root disks that restores left with a machine, which does not use them: one at a time, unless one was given up. */
export async function readSpares(tx: Tx, vmId: string): Promise<{ volumeId: string; pool: PoolSpec }[]> {
  const rows = await tx.query<PoolSpecRow & { volumeId: string }>(
    `SELECT d.id AS volumeId, ${POOL_SPEC_COLUMNS} FROM volume d JOIN storage_pool p ON p.id = d.pool_id
      WHERE d.vm_id = ? AND d.kind = 'SPARE'`,
    [vmId],
  );
  return rows.map(({ volumeId, ...pool }) => ({ volumeId, pool: toPoolSpec(pool) }));
}

/** A root disk that its machine does not use any more is gone for good, its room given back. */
export async function removeSpare(
  { source, agents }: Means,
  step: StepRef,
  { volumeId, pool, hostId }: { readonly volumeId: string; readonly pool: PoolSpec; readonly hostId: string },
): Promise<void> {
  await removeVolume({ source, agents }, { volumeId, pool, hostId }, step);
  await underStep(source, step, (tx) => forgetSpare(tx, volumeId));
}

/** Its row stays for accounting, and belongs to no machine any more. */
export async function forgetSpare(tx: Tx, volumeId: string): Promise<void> {
  await transitionIfAllowed(tx, { type: 'volume', id: volumeId }, 'Expunged');
  await releaseRoom(tx, volumeId);
  await tx.execute("UPDATE volume SET kind = 'ROOT', vm_id = NULL WHERE id = ?", [volumeId]);
  await tx.execute("DELETE FROM resource_tag WHERE resource_type = 'volume' AND resource_id = ?", [volumeId]);
}
