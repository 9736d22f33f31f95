import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { changeServiceForVirtualMachine } from '@durastack/contracts/compute/change-service-for-virtual-machine';
import { splitDetails } from '@durastack/contracts/compute/machine-size';
import { OVERCOMMIT } from '@durastack/contracts/compute/overcommit';
import { DurastackError } from '@durastack/contracts/errors';
import { planScale, readOffering, writeSize, type SizeTarget } from '@durastack/store/compute/vm-size';
import { requireRow } from '@durastack/store/database/rows';
import { autocommit, transaction, type Tx } from '@durastack/store/database/transaction';
import { requireAccess } from '@durastack/store/identity/access';
import { virtualMachines } from '@durastack/store/lists/compute/virtual-machines.list';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { setHostReservation } from '@durastack/store/operations/grow-reservations';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { anyHeld } from '../operations/held.js';
import { Platform } from '../platform.js';
import { holdGrowthToLimits } from './growth-limits.js';

/** Gives a stopped machine another size: only rows change, its next start takes it. */
@Handles(changeServiceForVirtualMachine)
export class ChangeServiceForVirtualMachineHandler implements CommandHandler<typeof changeServiceForVirtualMachine> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    params: ParamsOf<typeof changeServiceForVirtualMachine>,
  ): Promise<ResultOf<typeof changeServiceForVirtualMachine>> {
    const { database } = this.platform;
    const vm = { type: 'virtual-machine', id: params.id } as const;
    await requireAccess(autocommit(database), call.caller, vm);
    await transaction(database, async (tx) => {
      await requireRow(tx, vm, { lock: 'update' });
      if (await anyHeld(tx, [vm]))
        throw new DurastackError(
          'BUSY',
          `An operation holds the virtual machine ${params.id}; wait until it has ended.`,
        );
      const target = { serviceOfferingId: params.serviceOfferingId, size: splitDetails(params.details).size };
      await holdGrowthToLimits(tx, params.id, await readOffering(tx, target));
      await change(tx, params.id, target);
    });
    return readOne(autocommit(database), virtualMachines, call.caller, params.id);
  }
}

async function change(tx: Tx, vmId: string, target: SizeTarget): Promise<void> {
  const { name, state, hostId, offering } = await planScale(tx, vmId, target);
  if (state !== 'Stopped')
    throw new DurastackError(
      'NOT_ALLOWED_IN_STATE',
      `${name} is ${state}; stop it first, or scale it (scaleVirtualMachine).`,
    );
  const { vcpus, cpuMhz, memoryMib } = offering;
  // A guest that went off by itself keeps its place until it is started or stopped.
  const wanted = { vmId, hostId: hostId ?? '', cpuMhz: vcpus * cpuMhz, memoryMib };
  if (hostId !== null && !(await setHostReservation(tx, wanted, OVERCOMMIT.host)))
    throw new DurastackError(
      'NO_CAPACITY',
      `The host that ${name} was on has no room for that size; stop it (forced) first.`,
    );
  await writeSize(tx, vmId, offering);
}
