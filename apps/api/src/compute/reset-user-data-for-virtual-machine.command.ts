import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { resetUserDataForVirtualMachine } from '@durastack/contracts/compute/reset-user-data-for-virtual-machine';
import { updateRow } from '@durastack/store/database/rows';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { requireAccess } from '@durastack/store/identity/access';
import { virtualMachines } from '@durastack/store/lists/compute/virtual-machines.list';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { requireIdleVm } from './idle-vm.js';
import { checkUserData, userDataColumns } from './user-data.js';

/** Gives a stopped machine other user data. Every start writes the seed anew, so nothing is to be done on a host. */
@Handles(resetUserDataForVirtualMachine)
export class ResetUserDataForVirtualMachineHandler implements CommandHandler<typeof resetUserDataForVirtualMachine> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    params: ParamsOf<typeof resetUserDataForVirtualMachine>,
  ): Promise<ResultOf<typeof resetUserDataForVirtualMachine>> {
    const { database, secrets } = this.platform;
    const vm = { type: 'virtual-machine', id: params.id } as const;
    checkUserData(params);
    const { userDataId, userData = userDataId === undefined ? '' : undefined, userDataDetails } = params;
    await transaction(database, async (tx) => {
      const { accountId } = await requireAccess(tx, call.caller, vm);
      const { seed_resets: resets } = await requireIdleVm(tx, params.id, { state: 'Stopped', what: 'its user data' });
      const given = { userData, userDataId, userDataDetails };
      const columns = await userDataColumns(tx, secrets, { vmId: params.id, accountId, params: given });
      await updateRow(tx, vm, { ...columns, seed_resets: resets + 1 });
    });
    return readOne(autocommit(database), virtualMachines, call.caller, params.id);
  }
}
