import type { ParamsOf } from '@durastack/contracts/command';
import { addIpToNic } from '@durastack/contracts/network/add-ip-to-nic';
import { newId } from '@durastack/kit/ids/new-id';
import { autocommit } from '@durastack/store/database/transaction';
import { requireNicAccess } from '@durastack/store/network/nic-access';
import { requireChangeableNics } from '@durastack/store/network/nic-changes';
import { requireAddresses, requireRoomForIp } from '@durastack/store/network/secondary-ips';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { acceptVmOperation } from '../compute/vm-operation.js';
import { anyHeld } from '../operations/held.js';
import { Platform } from '../platform.js';

/** Accepts one more address. It is taken when its turn has come: nobody holds one for a call that is cancelled. */
@Handles(addIpToNic)
export class AddIpToNicHandler implements CommandHandler<typeof addIpToNic> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, { nicId, ipAddress: ip }: ParamsOf<typeof addIpToNic>): Promise<StartedOperation> {
    const nic = await requireNicAccess(autocommit(this.platform.database), call.caller, nicId);
    requireAddresses(nic);
    const { vmId, networkId } = nic;
    return acceptVmOperation(this.platform, call, {
      command: addIpToNic,
      vmId,
      input: { addressId: newId(), nicId, networkId, ...(ip ? { ip } : {}) },
      locks: [{ type: 'network', id: networkId }],
      // Told at once where it is known: an earlier operation may change it.
      write: async (tx) => {
        if (await anyHeld(tx, [{ type: 'virtual-machine', id: vmId }])) return;
        await requireChangeableNics(tx, vmId);
        await requireRoomForIp(tx, nicId);
      },
    });
  }
}
