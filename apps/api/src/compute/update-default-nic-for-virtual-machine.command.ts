import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { updateDefaultNicForVirtualMachine } from '@durastack/contracts/compute/update-default-nic-for-virtual-machine';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { requireAccess } from '@durastack/store/identity/access';
import { virtualMachines } from '@durastack/store/lists/compute/virtual-machines.list';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { requireChangeableNics, requireNic } from '@durastack/store/network/nic-changes';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { requireIdleVm } from './idle-vm.js';

/** Makes an interface the default one. */
@Handles(updateDefaultNicForVirtualMachine)
export class UpdateDefaultNicForVirtualMachineHandler implements CommandHandler<
  typeof updateDefaultNicForVirtualMachine
> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    params: ParamsOf<typeof updateDefaultNicForVirtualMachine>,
  ): Promise<ResultOf<typeof updateDefaultNicForVirtualMachine>> {
    const { database } = this.platform;
    const { virtualMachineId: vmId, nicId } = params;
    await transaction(database, async (tx) => {
      await requireAccess(tx, call.caller, { type: 'virtual-machine', id: vmId }, 'virtualmachineid');
      await requireIdleVm(tx, vmId, { what: 'its interfaces' });
      await requireChangeableNics(tx, vmId);
      await requireNic(tx, { vmId, nicId });
      await tx.execute('UPDATE nic SET is_default = (id = ?) WHERE vm_id = ?', [nicId, vmId]);
    });
    return readOne(autocommit(database), virtualMachines, call.caller, vmId);
  }
}
