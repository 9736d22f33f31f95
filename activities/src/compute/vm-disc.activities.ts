import type { VmDiscPorts } from '@durastack/contracts/compute/vm-disc.ports';
import { isDurastackError } from '@durastack/contracts/errors';
import { DONE } from '@durastack/contracts/operations/step';
import { requireDiscChange, type DiscChange } from '@durastack/store/compute/disc-change';
import { inStep } from '@durastack/store/operations/run';
import type { OperationRow } from '@durastack/store/operations/operation-row';
import type { Tx } from '@durastack/store/database/transaction';
import type { ActivityDependencies } from '../dependencies.js';
import { readDisc, readVm, type VmRow } from './vm-rows.js';

/** What acceptance wrote. */
const changeOf = ({ resource, input }: OperationRow): DiscChange => ({
  vmId: resource.id,
  isoId: typeof input['isoId'] === 'string' ? input['isoId'] : undefined,
  forced: input['forced'] === true,
});

/** What the host of a machine is asked for; undefined: it is on none. */
async function callFor(tx: Tx, { id: vmId, hostId }: VmRow, { isoId, forced }: Pick<DiscChange, 'isoId' | 'forced'>) {
  return hostId === null ? undefined : { hostId, params: { vmId, forced, ...(await readDisc(tx, isoId)) } };
}

/** See {@link VmDiscPorts}. */
export function createActivities({ source, agents }: ActivityDependencies): VmDiscPorts {
  return {
    async changeDisc(step) {
      const found = await inStep(source, step, async (tx, operation) => {
        const change = changeOf(operation);
        if (step.direction === 'forward') await requireDiscChange(tx, change);
        return callFor(tx, await readVm(tx, change.vmId), change);
      });
      if (found) await agents.call(found.hostId, 'ensureVmDisc', found.params, step);
      return DONE;
    },

    async restoreDisc(step) {
      const found = await inStep(source, step, async (tx, operation) => {
        const vm = await readVm(tx, operation.resource.id);
        return callFor(tx, vm, { isoId: vm.isoId ?? undefined, forced: true });
      });
      if (!found) return DONE;
      try {
        await agents.call(found.hostId, 'ensureVmDisc', found.params, step);
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
