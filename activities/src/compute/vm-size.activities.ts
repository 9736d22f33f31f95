import type { SizeChoice } from '@durastack/contracts/compute/machine-size';
import { OVERCOMMIT } from '@durastack/contracts/compute/overcommit';
import type { VmSizePorts } from '@durastack/contracts/compute/vm-size.ports';
import { DurastackError } from '@durastack/contracts/errors';
import { DONE, type StepRef } from '@durastack/contracts/operations/step';
import { planScale, writeSize, type ScalePlan } from '@durastack/store/compute/vm-size';
import type { Tx } from '@durastack/store/database/transaction';
import { setHostReservation } from '@durastack/store/operations/grow-reservations';
import { inStep } from '@durastack/store/operations/run';
import type { ActivityDependencies } from '../dependencies.js';
import { readVm } from './vm-rows.js';

/** See {@link VmSizePorts}. */
export function createActivities({ source, agents }: ActivityDependencies): VmSizePorts {
  const planned = <T>(step: StepRef, body: (tx: Tx, vmId: string, plan: ScalePlan) => Promise<T>) =>
    inStep(source, step, async (tx, { resource, input }) =>
      body(
        tx,
        resource.id,
        await planScale(tx, resource.id, {
          serviceOfferingId: String(input['serviceOfferingId']),
          size: (input['size'] ?? {}) as SizeChoice,
        }),
      ),
    );

  return {
    reserveVmGrowth: (step) =>
      planned(step, async (tx, vmId, { name, hostId, offering }) => {
        if (hostId === null) return DONE;
        const { vcpus, cpuMhz, memoryMib } = offering;
        const wanted = { vmId, hostId, cpuMhz: vcpus * cpuMhz, memoryMib };
        if (await setHostReservation(tx, wanted, OVERCOMMIT.host)) return DONE;
        throw new DurastackError(
          'NO_CAPACITY',
          `The host of ${name} has no room for ${wanted.cpuMhz} MHz and ${memoryMib} MiB; stop it, or have it moved to another first.`,
        );
      }),

    releaseVmGrowth: (step) =>
      inStep(source, step, async (tx, { resource }) => {
        const { id: vmId, hostId, cpuCount, cpuMhz, memoryMib } = await readVm(tx, resource.id);
        if (hostId !== null) await setHostReservation(tx, { vmId, hostId, cpuMhz: cpuCount * cpuMhz, memoryMib });
        return DONE;
      }),

    async growVm(step) {
      const work = await planned(step, async (_tx, vmId, { state, hostId, offering }) =>
        state === 'Running' && hostId !== null ? { vmId, hostId, offering } : undefined,
      );
      if (!work) return DONE;
      const { vmId, hostId, offering } = work;
      const size = { vmId, vcpus: offering.vcpus, memoryMib: offering.memoryMib };
      await agents.call(hostId, 'ensureVmSize', size, step);
      return DONE;
    },

    markVmScaled: (step) =>
      planned(step, async (tx, vmId, { offering }) => {
        await writeSize(tx, vmId, offering);
        return DONE;
      }),
  };
}
