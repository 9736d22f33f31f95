import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { updateVmAffinityGroup } from '@durastack/contracts/compute/update-vm-affinity-group';
import { DurastackError } from '@durastack/contracts/errors';
import { requireRow } from '@durastack/store/database/rows';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { requireAccess } from '@durastack/store/identity/access';
import { virtualMachines } from '@durastack/store/lists/compute/virtual-machines.list';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { joinGroups, readGroups } from './affinity-group-checks.js';

/** Puts a stopped machine into affinity groups. A running one stays where it is, so its groups must not change. */
@Handles(updateVmAffinityGroup)
export class UpdateVmAffinityGroupHandler implements CommandHandler<typeof updateVmAffinityGroup> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    params: ParamsOf<typeof updateVmAffinityGroup>,
  ): Promise<ResultOf<typeof updateVmAffinityGroup>> {
    const { database } = this.platform;
    const vm = { type: 'virtual-machine', id: params.id } as const;
    await transaction(database, async (tx) => {
      const owner = await requireAccess(tx, call.caller, vm);
      const { state } = await requireRow<{ state: string }>(tx, vm, { where: "state <> 'Expunged'", lock: 'update' });
      if (state !== 'Stopped')
        throw new DurastackError(
          'NOT_ALLOWED_IN_STATE',
          `The virtual machine ${params.id} is ${state}; its affinity groups can be changed when it is Stopped.`,
          { details: { state } },
        );
      // Those that it leaves do not count as full for it.
      await tx.execute('DELETE FROM affinity_group_member WHERE vm_id = ?', [params.id]);
      await joinGroups(tx, params.id, await readGroups(tx, owner.accountId, params));
    });
    return readOne(autocommit(database), virtualMachines, call.caller, params.id);
  }
}
