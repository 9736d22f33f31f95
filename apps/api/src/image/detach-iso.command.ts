import type { ParamsOf } from '@durastack/contracts/command';
import { detachIso } from '@durastack/contracts/image/detach-iso';
import { requireDiscChange } from '@durastack/store/compute/disc-change';
import { autocommit } from '@durastack/store/database/transaction';
import { requireAccess } from '@durastack/store/identity/access';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import { acceptVmOperation } from '../compute/vm-operation.js';
import type { Call } from '../face/call.js';
import { anyHeld } from '../operations/held.js';
import { Platform } from '../platform.js';

/** Accepts that a machine's CD drive is emptied. */
@Handles(detachIso)
export class DetachIsoHandler implements CommandHandler<typeof detachIso> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof detachIso>): Promise<StartedOperation> {
    const { virtualMachineId: vmId, forced = false } = params;
    const tx = autocommit(this.platform.database);
    const vm = { type: 'virtual-machine', id: vmId } as const;
    await requireAccess(tx, call.caller, vm, 'virtualmachineid');
    const [row] = await tx.query<{ isoId: string | null }>('SELECT iso_id AS isoId FROM virtual_machine WHERE id = ?', [
      vmId,
    ]);
    return acceptVmOperation(this.platform, call, {
      command: detachIso,
      vmId,
      input: { forced },
      // So that a removal of the ISO waits for its turn.
      locks: row?.isoId ? [{ type: 'template', id: row.isoId }] : [],
      // Told at once where it is known: an earlier operation may change it.
      write: async (inner) => {
        if (!(await anyHeld(inner, [vm]))) await requireDiscChange(inner, { vmId, isoId: undefined, forced });
      },
    });
  }
}
