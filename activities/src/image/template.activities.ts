import type { VerbParams, VerbResult } from '@durastack/contracts/agent/verbs';
import { DurastackError, invariant } from '@durastack/contracts/errors';
import type { TemplatePorts } from '@durastack/contracts/image/template.ports';
import { DONE, type StepRef } from '@durastack/contracts/operations/step';
import type { Tx } from '@durastack/store/database/transaction';
import { claim } from '@durastack/store/operations/reservations';
import { holdToLimits } from '@durastack/store/identity/limits';
import { inStep } from '@durastack/store/operations/run';
import { readPool, readTemplateStore } from '../compute/vm-rows.js';
import type { ActivityDependencies } from '../dependencies.js';
import { hostsInReachOfPool } from '../storage/pool-hosts.js';
import { taskOutcome } from '../task-outcome.js';

/** Greatest image that is fetched, and greatest disk that it may claim to hold. */
const MAX_IMAGE_BYTES = 64 * 1024 ** 3;
const MAX_VIRTUAL_BYTES = 4 * 1024 ** 4;

/** See {@link TemplatePorts}. */
export function createActivities(dependencies: ActivityDependencies): TemplatePorts {
  const { source, agents } = dependencies;
  return {
    async fetchTemplate(step) {
      const { hostId, params } = await inStep(source, step, async (tx, operation) => ({
        hostId: await fetchingHost(tx, operation.id, operation.resource.id),
        params: await fetchParams(tx, operation.resource.id, dependencies.settings.imagePrivateCidrs),
      }));
      const status = await agents.task(hostId, 'fetchImage', params, step);
      if (status.state === 'done')
        await recordSizes(dependencies, step, params.templateId, status.result as VerbResult<'fetchImage'>);
      else if (status.state === 'running') await recordProgress(dependencies, step, params.templateId, status);
      else if (status.state === 'failed')
        await recordFailure(dependencies, step, params.templateId, status.error?.message ?? 'failed');
      return taskOutcome(status);
    },

    async removeTemplateImage(step) {
      const work = await inStep(source, step, async (tx, operation) => {
        const claimed = await claimedHost(tx, operation.id);
        // Without a claim no host was ever asked to fetch it.
        const hostId =
          claimed ??
          (step.direction === 'undoing' ? undefined : await fetchingHost(tx, operation.id, operation.resource.id));
        const params = { templateId: operation.resource.id, store: await readTemplateStore(tx, operation.resource.id) };
        return { hostId, params, error: operation.error?.message };
      });
      if (work.hostId !== undefined) await agents.call(work.hostId, 'ensureImageGone', work.params, step);
      if (work.error !== undefined) await recordFailure(dependencies, step, work.params.templateId, work.error);
      return DONE;
    },

    ensureTemplateUnused: (step) =>
      inStep(source, step, async (tx, operation) => {
        const rows = await tx.query<{ used: number }>(
          "SELECT COUNT(*) AS used FROM volume WHERE template_id = ? AND pool_id IS NOT NULL AND state <> 'Expunged'",
          [operation.resource.id],
        );
        const used = Number(rows[0]?.used ?? 0);
        if (used > 0)
          throw new DurastackError(
            'CONFLICT',
            `${used} disks are based on the template. Expunge their machines first.`,
          );
        return DONE;
      }),

    async removeTemplateFromPools(step) {
      const { templateId, pools } = await inStep(source, step, async (tx, operation) => ({
        templateId: operation.resource.id,
        pools: await tx.query<{ id: string }>('SELECT pool_id AS id FROM template_on_pool WHERE template_id = ?', [
          operation.resource.id,
        ]),
      }));
      for (const { id } of pools) {
        const { pool, hosts } = await inStep(source, step, async (tx) => ({
          pool: await readPool(tx, id),
          hosts: await hostsInReachOfPool(tx, id),
        }));
        if (hosts[0] !== undefined)
          await agents.call(hosts[0], 'ensureTemplateGoneFromPool', { templateId, pool }, step);
        await inStep(source, step, (tx) =>
          tx.execute('DELETE FROM template_on_pool WHERE template_id = ? AND pool_id = ?', [templateId, id]),
        );
      }
      return DONE;
    },
  };
}

async function claimedHost(tx: Tx, operationId: string): Promise<string | undefined> {
  const claims = await tx.query<{ id: string }>(
    "SELECT c.resource_id AS id FROM claim c JOIN host h ON h.id = c.resource_id WHERE c.operation_id = ? AND c.resource_type = 'host' AND h.state <> 'Removed'",
    [operationId],
  );
  return claims[0]?.id;
}

/** The host that works on the image: claimed once, so that every poll asks the same one. */
async function fetchingHost(tx: Tx, operationId: string, templateId: string): Promise<string> {
  const claimed = await claimedHost(tx, operationId);
  if (claimed !== undefined) return claimed;
  const hosts = await tx.query<{ id: string }>(
    "SELECT h.id FROM host h JOIN template t ON t.zone_id = h.zone_id WHERE t.id = ? AND h.hypervisor = t.hypervisor AND h.state = 'Up' ORDER BY RAND() LIMIT 1",
    [templateId],
  );
  if (!hosts[0])
    throw new DurastackError(
      'HOST_UNREACHABLE',
      'No host of the zone is up that could work on the image; waiting for one.',
    );
  await claim(tx, operationId, [{ type: 'host', id: hosts[0].id }]);
  return hosts[0].id;
}

async function fetchParams(
  tx: Tx,
  templateId: string,
  allowedPrivateCidrs: readonly string[],
): Promise<VerbParams<'fetchImage'>> {
  const rows = await tx.query<{ url: string; format: VerbParams<'fetchImage'>['format']; checksum: string | null }>(
    'SELECT url, format, checksum FROM template WHERE id = ?',
    [templateId],
  );
  const [template] = rows;
  invariant(template, `There is no template ${templateId}.`);
  return {
    templateId,
    store: await readTemplateStore(tx, templateId),
    url: template.url,
    format: template.format,
    ...(template.checksum === null ? {} : { checksum: template.checksum }),
    maxBytes: MAX_IMAGE_BYTES,
    maxVirtualBytes: MAX_VIRTUAL_BYTES,
    allowedPrivateCidrs: [...allowedPrivateCidrs],
  };
}

function recordSizes(
  { source }: ActivityDependencies,
  step: StepRef,
  templateId: string,
  sizes: VerbResult<'fetchImage'>,
) {
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
  { source }: ActivityDependencies,
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

function recordFailure({ source }: ActivityDependencies, step: StepRef, templateId: string, message: string) {
  return inStep(source, step, (tx) =>
    tx.execute('UPDATE template SET status = ? WHERE id = ?', [message.slice(0, 1024), templateId]),
  );
}
