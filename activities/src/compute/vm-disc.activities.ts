import type { VmDiscPorts } from '@durastack/contracts/compute/vm-disc.ports';
import { isDurastackError } from '@durastack/contracts/errors';
import { DONE } from '@durastack/contracts/operations/step';
import { requireDiscChange, type DiscChange } from '@durastack/store/compute/disc-change';
import { inStep } from '@durastack/store/operations/run';
import type { OperationRow } from '@durastack/store/operations/operation-row';
import type { ActivityDependencies } from '../dependencies.js';
import { readDisc, readVm } from './vm-rows.js';

/** What acceptance wrote. */
const changeOf = ({ resource, input }: OperationRow): DiscChange => ({
  vmId: resource.id,
  isoId: typeof input['isoId'] === 'string' ? input['isoId'] : undefined,
  forced: input['forced'] === true,
});

/** See {@link VmDiscPorts}. */
export function createActivities({ source, agents }: ActivityDependencies): VmDiscPorts {
  return {
    async changeDisc(step) {
      const found = await inStep(source, step, async (tx, operation) => {
        const change = changeOf(operation);
        const { vmId, isoId, forced } = change;
        if (step.direction === 'forward') await requireDiscChange(tx, change);
        const { hostId } = await readVm(tx, vmId);
        return hostId === null ? undefined : { hostId, vmId, forced, ...(await readDisc(tx, isoId)) };
      });
      if (!found) return DONE;
      const { hostId, ...params } = found;
      await agents.call(hostId, 'ensureVmDisc', params, step);
      return DONE;
    },

    async restoreDisc(step) {
      const found = await inStep(source, step, async (tx, operation) => {
        const { id: vmId, hostId, isoId } = await readVm(tx, operation.resource.id);
        return hostId === null ? undefined : { hostId, vmId, forced: true, ...(await readDisc(tx, isoId)) };
      });
      if (!found) return DONE;
      const { hostId, ...params } = found;
      try {
        await agents.call(hostId, 'ensureVmDisc', params, step);
      } catch (error) {
        // A machine whose host is gone gets its disc when it is started.
        if (!isDurastackError(error, 'HOST_FENCED')) throw error;
      }
      return DONE;
    },

    noteDisc: (step) =>
      inStep(source, step, async (tx, operation) => {
        const { vmId, isoId } = changeOf(operation);
        await tx.execute('UPDATE virtual_machine SET iso_id = ? WHERE id = ?', [isoId ?? null, vmId]);
        return DONE;
      }),
  };
}
