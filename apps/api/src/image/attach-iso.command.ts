import type { ParamsOf } from '@durastack/contracts/command';
import { attachIso } from '@durastack/contracts/image/attach-iso';
import { requireDiscChange } from '@durastack/store/compute/disc-change';
import { autocommit } from '@durastack/store/database/transaction';
import { requireAccess } from '@durastack/store/identity/access';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { isos } from '@durastack/store/lists/image/isos.list';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import { acceptVmOperation } from '../compute/vm-operation.js';
import type { Call } from '../face/call.js';
import { anyHeld } from '../operations/held.js';
import { Platform } from '../platform.js';

/** Accepts that an ISO is put into a machine's CD drive. */
@Handles(attachIso)
export class AttachIsoHandler implements CommandHandler<typeof attachIso> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof attachIso>): Promise<StartedOperation> {
    const { id: isoId, virtualMachineId: vmId, forced = false } = params;
    const tx = autocommit(this.platform.database);
    const vm = { type: 'virtual-machine', id: vmId } as const;
    await requireAccess(tx, call.caller, vm, 'virtualmachineid');
    // Whoever sees it may use it.
    await readOne(tx, isos, call.caller, isoId);
    const iso = { type: 'template', id: isoId } as const;
    return acceptVmOperation(this.platform, call, {
      command: attachIso,
      vmId,
      input: { isoId, forced },
      locks: [iso],
      // Told at once where it is known: an earlier operation may change it.
      write: async (inner) => {
        if (!(await anyHeld(inner, [vm, iso]))) await requireDiscChange(inner, { vmId, isoId, forced });
      },
    });
  }
}
