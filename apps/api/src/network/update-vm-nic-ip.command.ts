import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { updateVmNicIp } from '@durastack/contracts/network/update-vm-nic-ip';
import { freeAddresses, isUsable } from '@durastack/model/network/address-plan';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { virtualMachines } from '@durastack/store/lists/compute/virtual-machines.list';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { requireNicAccess } from '@durastack/store/network/nic-access';
import { takeAddress } from '@durastack/store/network/nic-plan';
import { requireAddresses } from '@durastack/store/network/secondary-ips';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import { requireIdleVm } from '../compute/idle-vm.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/**
 * Gives a stopped machine's interface another address. Every start tells the host of DHCP and port rules anew, so nothing
 * is to be done there.
 */
@Handles(updateVmNicIp)
export class UpdateVmNicIpHandler implements CommandHandler<typeof updateVmNicIp> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof updateVmNicIp>): Promise<ResultOf<typeof updateVmNicIp>> {
    const { database } = this.platform;
    const { nicId, ipAddress: wanted } = params;
    const { vmId } = await requireNicAccess(autocommit(database), call.caller, nicId);
    await transaction(database, async (tx) => {
      await requireIdleVm(tx, vmId, { state: 'Stopped', what: 'addresses of its interfaces' });
      // Again, now that nothing changes it.
      const nic = await requireNicAccess(tx, call.caller, nicId);
      requireAddresses(nic);
      if (wanted === nic.ip) return;
      const address = { networkId: nic.networkId, ip: wanted, seed: nicId, as: 'own' } as const;
      await takeAddress(tx, { isUsable, freeAddresses }, address, async (ip) => {
        await tx.execute('UPDATE nic SET ip = ? WHERE id = ?', [ip, nicId]);
      });
    });
    return readOne(autocommit(database), virtualMachines, call.caller, vmId);
  }
}
