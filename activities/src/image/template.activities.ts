import type { VerbParams } from '@durastack/contracts/agent/verbs';
import { DurastackError, invariant } from '@durastack/contracts/errors';
import type { TemplatePorts } from '@durastack/contracts/image/template.ports';
import { DONE } from '@durastack/contracts/operations/step';
import { requireOutOfDrives } from '@durastack/store/compute/disc-change';
import type { Tx } from '@durastack/store/database/transaction';
import { forgetDescriptions } from '@durastack/store/identity/described';
import { inStep } from '@durastack/store/operations/run';
import { readVolume, type VolumeRow } from '@durastack/store/storage/volume-row';
import { readPool, readTemplateStore } from '../compute/vm-rows.js';
import type { ActivityDependencies } from '../dependencies.js';
import { hostsInReachOfPool } from '../storage/pool-hosts.js';
import { onHostOr } from '../storage/volume-hosts.js';
import { readVolumeWork, type VolumeWork } from '../storage/volume-work.js';
import { taskOutcome } from '../task-outcome.js';
import { claimedHost, recordFailure, recordTask, workingHost } from './template-rows.js';

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
      await recordTask(dependencies, step, { templateId: params.templateId, status });
      return taskOutcome(status);
    },

    async storeTemplate(step) {
      const { hostId, params } = await inStep(source, step, async (tx, operation) => {
        const volume = await readVolume(tx, String(operation.input['volumeId']));
        const work = await readAtRest(tx, volume);
        return {
          hostId: await workingHost(tx, operation.id, async () => work.hostId),
          params: {
            templateId: operation.resource.id,
            store: await readTemplateStore(tx, operation.resource.id),
            volume: work.volume,
          },
        };
      });
      const status = await agents.task(hostId, 'storeVolumeImage', params, step);
      await recordTask(dependencies, step, { templateId: params.templateId, status });
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
      const { hostId, params } = work;
      if (hostId !== undefined)
        await onHostOr(agents.call(hostId, 'ensureImageGone', params, step), async () => {
          const other = await inStep(source, step, (tx) => anyHost(tx, params.templateId));
          await agents.call(other, 'ensureImageGone', params, step);
        });
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
        await requireOutOfDrives(tx, operation.resource.id);
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
      await inStep(source, step, (tx) => forgetDescriptions(tx, { type: 'template', id: templateId }));
      return DONE;
    },
  };
}

async function fetchingHost(tx: Tx, operationId: string, templateId: string): Promise<string> {
  return workingHost(tx, operationId, () => anyHost(tx, templateId));
}

/**
 * A host of the template's zone that is up, one in use where there is one; an ISO is for all hypervisors. HOST_UNREACHABLE
 * when there is none: the step is tried again.
 */
async function anyHost(tx: Tx, templateId: string): Promise<string> {
  const hosts = await tx.query<{ id: string }>(
    "SELECT h.id FROM host h JOIN template t ON t.zone_id = h.zone_id WHERE t.id = ? AND (t.format = 'iso' OR h.hypervisor = t.hypervisor) AND h.state = 'Up' ORDER BY h.allocation_state = 'Enabled' DESC, RAND() LIMIT 1",
    [templateId],
  );
  if (hosts[0]) return hosts[0].id;
  throw new DurastackError(
    'HOST_UNREACHABLE',
    'No host of the zone is up that could work on the image; waiting for one.',
  );
}

/** Where the disk is, while nothing writes to it. NOT_ALLOWED_IN_STATE when its machine runs, or it was never made. */
async function readAtRest(tx: Tx, volume: VolumeRow): Promise<VolumeWork> {
  const [vm] = await tx.query<{ name: string; state: string; power: string }>(
    'SELECT name, state, observed_power AS power FROM virtual_machine WHERE id = ?',
    [volume.vmId],
  );
  if (vm && (vm.state !== 'Stopped' || vm.power === 'running'))
    throw new DurastackError(
      'NOT_ALLOWED_IN_STATE',
      `The virtual machine ${vm.name} is ${vm.state}; a template is made of its disks when it is Stopped.`,
    );
  const work = volume.state === 'Ready' ? await readVolumeWork(tx, volume) : undefined;
  if (work) return work;
  throw new DurastackError(
    'NOT_ALLOWED_IN_STATE',
    `The volume ${volume.name} holds nothing yet; start its machine first.`,
  );
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
