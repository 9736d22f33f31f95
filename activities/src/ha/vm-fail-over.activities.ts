import { DurastackError } from '@durastack/contracts/errors';
import type { VmFailOverPorts } from '@durastack/contracts/infra/fail-over.ports';
import { DONE } from '@durastack/contracts/operations/step';
import { leaveHost } from '@durastack/store/ha/lost-machines';
import { inStep } from '@durastack/store/operations/run';
import type { ActivityDependencies } from '../dependencies.js';

/** See {@link VmFailOverPorts}. */
export function createActivities({ source }: ActivityDependencies): VmFailOverPorts {
  return {
    leaveLostHost: (step) =>
      inStep(source, step, async (tx, { resource, input }) => {
        const lostHostId = String(input['lostHostId']);
        const [vm] = await tx.query<{ hostId: string | null; proven: number }>(
          `SELECT v.host_id AS hostId, EXISTS (SELECT 1 FROM lost_machine l WHERE l.id = ? AND l.vm_id = v.id AND l.host_id = ? AND l.proven_at IS NOT NULL) AS proven
             FROM virtual_machine v WHERE v.id = ? FOR UPDATE`,
          [String(input['lostId']), lostHostId, resource.id],
        );
        // Done by an earlier attempt, or on its way to another host since.
        if (!vm || vm.hostId !== lostHostId) return DONE;
        if (Number(vm.proven) !== 1)
          throw new DurastackError(
            'CONFLICT',
            `Nothing proves that the copy of ${resource.id} on host ${lostHostId} is dead; it is not started elsewhere.`,
          );
        await leaveHost(tx, resource.id, lostHostId);
        return DONE;
      }),
  };
}
