import type { ParamsOf } from '@durastack/contracts/command';
import { splitDetails } from '@durastack/contracts/compute/machine-size';
import { scaleVirtualMachine } from '@durastack/contracts/compute/scale-virtual-machine';
import { planScale, readOffering } from '@durastack/store/compute/vm-size';
import { autocommit } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { anyHeld } from '../operations/held.js';
import { Platform } from '../platform.js';
import { acceptVmOperation } from './vm-operation.js';
import { holdGrowthToLimits } from './growth-limits.js';

/** Accepts another size for a machine. */
@Handles(scaleVirtualMachine)
export class ScaleVirtualMachineHandler implements CommandHandler<typeof scaleVirtualMachine> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof scaleVirtualMachine>): Promise<StartedOperation> {
    const { id, serviceOfferingId } = params;
    const target = { serviceOfferingId, size: splitDetails(params.details).size };
    const { vcpus, memoryMib } = await readOffering(autocommit(this.platform.database), target);
    return acceptVmOperation(this.platform, call, {
      command: scaleVirtualMachine,
      vmId: id,
      // The size is what limits count until the machine has it.
      input: { ...target, vcpus, memoryMib },
      // Told at once where it is known: an earlier operation may start or stop the machine.
      write: async (tx) => {
        await holdGrowthToLimits(tx, id, { vcpus, memoryMib });
        if (!(await anyHeld(tx, [{ type: 'virtual-machine', id }]))) await planScale(tx, id, target);
      },
    });
  }
}
