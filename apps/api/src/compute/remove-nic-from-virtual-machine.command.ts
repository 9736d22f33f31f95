import type { ParamsOf } from '@durastack/contracts/command';
import { removeNicFromVirtualMachine } from '@durastack/contracts/compute/remove-nic-from-virtual-machine';
import { autocommit } from '@durastack/store/database/transaction';
import { requireAccess } from '@durastack/store/identity/access';
import { requireChangeableNics, requireRemovableNic } from '@durastack/store/network/nic-changes';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { anyHeld } from '../operations/held.js';
import { Platform } from '../platform.js';
import { acceptVmOperation } from './vm-operation.js';

/** Accepts the removal of an interface. */
@Handles(removeNicFromVirtualMachine)
export class RemoveNicFromVirtualMachineHandler implements CommandHandler<typeof removeNicFromVirtualMachine> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof removeNicFromVirtualMachine>): Promise<StartedOperation> {
    const { virtualMachineId: vmId, nicId } = params;
    const vm = { type: 'virtual-machine', id: vmId } as const;
    await requireAccess(autocommit(this.platform.database), call.caller, vm, 'virtualmachineid');
    return acceptVmOperation(this.platform, call, {
      command: removeNicFromVirtualMachine,
      vmId,
      input: { nicId },
      // Told at once where it is known: an earlier operation may change it.
      write: async (tx) => {
        if (await anyHeld(tx, [vm])) return;
        await requireChangeableNics(tx, vmId);
        await requireRemovableNic(tx, { vmId, nicId });
      },
    });
  }
}
