/** What operations on templates write while an image comes about, and which host works on it. */
import type { Tx } from '@durastack/store/database/transaction';
import { holdToLimits } from '@durastack/store/identity/limits';
import { claim } from '@durastack/store/operations/reservations';
import { inStep } from '@durastack/store/operations/run';
import type { StepRef } from '@durastack/contracts/operations/step';
import type { TaskStatus } from '@durastack/contracts/agent/verbs';
import type { ActivityDependencies } from '../dependencies.js';

type Source = Pick<ActivityDependencies, 'source'>;

/** The host that the operation claimed, while it is there. */
export async function claimedHost(tx: Tx, operationId: string): Promise<string | undefined> {
  const claims = await tx.query<{ id: string }>(
    "SELECT c.resource_id AS id FROM claim c JOIN host h ON h.id = c.resource_id WHERE c.operation_id = ? AND c.resource_type = 'host' AND h.state <> 'Removed'",
    [operationId],
  );
  return claims[0]?.id;
}

/** The host that works on the image: claimed once, so that every poll asks the same one. */
export async function workingHost(tx: Tx, operationId: string, choose: () => Promise<string>): Promise<string> {
  const claimed = await claimedHost(tx, operationId);
  if (claimed !== undefined) return claimed;
  const hostId = await choose();
  await claim(tx, operationId, [{ type: 'host', id: hostId }]);
  return hostId;
}

/** How large an image is. */
export interface ImageSizes {
  readonly sizeBytes: number;
  readonly virtualSizeBytes: number;
}

/** Notes how the task stands that makes an image. */
export async function recordTask(
  dependencies: Source,
  step: StepRef,
  { templateId, status }: { readonly templateId: string; readonly status: TaskStatus },
): Promise<void> {
  if (status.state === 'done') await recordSizes(dependencies, step, templateId, status.result as ImageSizes);
  else if (status.state === 'running') await recordProgress(dependencies, step, templateId, status);
  else if (status.state === 'failed')
    await recordFailure(dependencies, step, templateId, status.error?.message ?? 'failed');
}

function recordSizes({ source }: Source, step: StepRef, templateId: string, sizes: ImageSizes) {
  return inStep(source, step, async (tx) => {
    await tx.execute(
      "UPDATE template SET size_bytes = ?, virtual_size_bytes = ?, percent = 100, status = 'Download Complete' WHERE id = ?",
      [sizes.sizeBytes, sizes.virtualSizeBytes, templateId],
    );
    // How large it is was not known when it was asked for.
    const [owner] = await tx.query<{ accountId: string }>('SELECT account_id AS accountId FROM template WHERE id = ?', [
      templateId,
    ]);
    if (owner) await holdToLimits(tx, owner.accountId, ['secondary_storage']);
  });
}

function recordProgress(
  { source }: Source,
  step: StepRef,
  templateId: string,
  progress: { percent?: number | undefined; detail?: string | undefined },
) {
  const percent = Math.floor(progress.percent ?? 0);
  return inStep(source, step, async (tx) => {
    await tx.execute('UPDATE template SET percent = ?, status = ? WHERE id = ?', [
      percent,
      progress.detail ?? `${percent}% Downloaded`,
      templateId,
    ]);
  });
}

/** Notes why there is none. */
export function recordFailure({ source }: Source, step: StepRef, templateId: string, message: string) {
  return inStep(source, step, (tx) =>
    tx.execute('UPDATE template SET status = ? WHERE id = ?', [message.slice(0, 1024), templateId]),
  );
}
