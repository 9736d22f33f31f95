import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { getVirtualMachineUserData } from '@durastack/contracts/compute/get-virtual-machine-user-data';
import { requireRow } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { requireAccess } from '@durastack/store/identity/access';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Opens the user data of a machine. */
@Handles(getVirtualMachineUserData)
export class GetVirtualMachineUserDataHandler implements CommandHandler<typeof getVirtualMachineUserData> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    { virtualMachineId }: ParamsOf<typeof getVirtualMachineUserData>,
  ): Promise<ResultOf<typeof getVirtualMachineUserData>> {
    const { database, secrets } = this.platform;
    const tx = autocommit(database);
    const vm = { type: 'virtual-machine', id: virtualMachineId } as const;
    await requireAccess(tx, call.caller, vm, 'virtualmachineid');
    const { user_data_sealed: sealed } = await requireRow<{ user_data_sealed: string | null }>(tx, vm, {
      parameter: 'virtualmachineid',
      where: "state <> 'Expunged'",
    });
    return {
      virtualMachineId,
      ...(sealed === null ? {} : { userData: secrets.open(sealed, `virtual-machine:${virtualMachineId}`) }),
    };
  }
}
