import { DurastackError, invariant } from '@durastack/contracts/errors';
import type { HostReturnPorts } from '@durastack/contracts/infra/fail-over.ports';
import { DONE, pending, type StepRef } from '@durastack/contracts/operations/step';
import { noteHaState } from '@durastack/store/ha/host-ha';
import { readFencedHost, readObligations } from '@durastack/store/ha/lost-machines';
import { inStep } from '@durastack/store/operations/run';
import { transitionIfAllowed } from '@durastack/store/operations/state-rows';
import type { ActivityDependencies } from '../dependencies.js';
import { carryOut } from './carry-out.js';
import { readFenceRow } from './fence-rows.js';
import { letGo } from './host-proofs.js';

const POLL_MS = 2_000;
const READ_MS = 10_000;

/** See {@link HostReturnPorts}. */
export function createActivities(dependencies: ActivityDependencies): HostReturnPorts {
  const { source, agents } = dependencies;

  const hostOf = (step: StepRef) =>
    inStep(source, step, async (tx, { resource }) => {
      const host = await readFencedHost(tx, resource.id);
      invariant(host, `The host ${resource.id} has no row.`);
      return { host, fence: await readFenceRow(tx, host.id), owed: await readObligations(tx, host.id) };
    });

  return {
    beginReturn: (step) =>
      inStep(source, step, async (tx, { id, resource }) => {
        // Repeated by another run: it is used again already.
        if (step.direction === 'past-pivot') return DONE;
        const host = await readFencedHost(tx, resource.id, true);
        if (host?.state !== 'Down')
          throw new DurastackError(
            'NOT_ALLOWED_IN_STATE',
            `Host ${host?.name} is ${host?.state}; only a fenced host, which is Down, is taken back.`,
          );
        await tx.execute('UPDATE host_ha SET operation_id = ? WHERE id = ?', [id, host.id]);
        await noteHaState(tx, host.id, 'Recovering', 'it reports again, and is being cleared');
        return DONE;
      }),

    endReturn: (step) =>
      inStep(source, step, async (tx, { resource }) => {
        await noteHaState(tx, resource.id, 'Fenced', 'taking it back was ended');
        return DONE;
      }),

    async clearReturnedHost(step) {
      const { host, owed } = await hostOf(step);
      for (const obligation of owed) await carryOut(dependencies, obligation, step);
      const { vms } = await agents.readFenced(host.id, 'getInventory', { pools: [] }, READ_MS);
      const known = await inStep(source, step, (tx) =>
        tx.query<{ id: string }>('SELECT id FROM virtual_machine WHERE host_id = ?', [host.id]),
      );
      const staying = new Set(known.map(({ id }) => id));
      const stale = vms.filter(({ id }) => !staying.has(id));
      for (const { id } of stale) await agents.callFenced(host.id, 'ensureVmGone', { vmId: id }, step);
      return stale.length === 0 ? DONE : pending(POLL_MS, `${stale.length} machines are being removed`);
    },

    async liftFence(step) {
      const { host, fence } = await hostOf(step);
      if (fence !== undefined && host.bootId === fence.bootIdBefore)
        return pending(
          POLL_MS,
          `it has not been started anew since it was fenced: restart ${host.name}, which runs no machine`,
        );
      const waitingFor = await letGo(dependencies, { hostId: host.id, wholly: false }, step);
      return waitingFor === undefined ? DONE : pending(POLL_MS, waitingFor);
    },

    useHostAgain: (step) =>
      inStep(source, step, async (tx, { id, resource }) => {
        await transitionIfAllowed(tx, { type: 'host', id: resource.id }, 'Returned');
        await tx.execute('UPDATE host_ha SET operation_id = NULL WHERE id = ? AND operation_id = ?', [resource.id, id]);
        await noteHaState(tx, resource.id, 'Available', 'it came back clean');
        return DONE;
      }),
  };
}
