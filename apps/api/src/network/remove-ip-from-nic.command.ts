import type { ParamsOf } from '@durastack/contracts/command';
import { removeIpFromNic } from '@durastack/contracts/network/remove-ip-from-nic';
import { autocommit } from '@durastack/store/database/transaction';
import { requireSecondaryIpAccess } from '@durastack/store/network/nic-access';
import { requireChangeableNics } from '@durastack/store/network/nic-changes';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { acceptVmOperation } from '../compute/vm-operation.js';
import { anyHeld } from '../operations/held.js';
import { Platform } from '../platform.js';

/** Accepts that a secondary address is taken away. */
@Handles(removeIpFromNic)
export class RemoveIpFromNicHandler implements CommandHandler<typeof removeIpFromNic> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, { id }: ParamsOf<typeof removeIpFromNic>): Promise<StartedOperation> {
    const { nicId, vmId } = await requireSecondaryIpAccess(autocommit(this.platform.database), call.caller, id);
    return acceptVmOperation(this.platform, call, {
      command: removeIpFromNic,
      vmId,
      input: { addressId: id, nicId },
      // Told at once where it is known: an earlier operation may change it.
      write: async (tx) => {
        if (!(await anyHeld(tx, [{ type: 'virtual-machine', id: vmId }]))) await requireChangeableNics(tx, vmId);
      },
    });
  }
}
