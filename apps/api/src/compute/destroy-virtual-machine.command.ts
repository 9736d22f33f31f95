import type { ParamsOf } from '@durastack/contracts/command';
import { expungeVirtualMachine } from '@durastack/contracts/compute/expunge-virtual-machine';
import { destroyVirtualMachine } from '@durastack/contracts/compute/destroy-virtual-machine';
import { DurastackError } from '@durastack/contracts/errors';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { requireAccess } from '@durastack/store/identity/access';
import { readVolumesOf } from '@durastack/store/storage/volume-row';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { acceptVmOperation } from './vm-operation.js';

/** Destroys a machine; with expunge it is removed for good, which is the other operation. */
@Handles(destroyVirtualMachine)
export class DestroyVirtualMachineHandler implements CommandHandler<typeof destroyVirtualMachine> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof destroyVirtualMachine>): Promise<StartedOperation> {
    const volumeIds = [...new Set(params.volumeIds ?? [])];
    if (volumeIds.length > 0) {
      // Before anything is locked: a lock's refusal would tell a volume that does not exist from another's.
      const tx = autocommit(this.platform.database);
      await requireAccess(tx, call.caller, { type: 'virtual-machine', id: params.id });
      await requireDataDisks(tx, params.id, volumeIds);
    }
    return acceptVmOperation(this.platform, call, {
      command: params.expunge ? expungeVirtualMachine : destroyVirtualMachine,
      vmId: params.id,
      desiredPower: 'off',
      input: { ...(volumeIds.length === 0 ? {} : { volumeIds }), ...(params.expunge ? { asDestroy: true } : {}) },
      locks: volumeIds.map((id) => ({ type: 'volume', id }) as const),
      write: (tx) => requireDataDisks(tx, params.id, volumeIds),
    });
  }
}

/** Whoever may remove a machine may remove its disks; nobody else's are taken for it. */
async function requireDataDisks(tx: Tx, vmId: string, volumeIds: readonly string[]): Promise<void> {
  if (volumeIds.length === 0) return;
  const own = new Set((await readVolumesOf(tx, vmId)).filter(({ kind }) => kind === 'DATADISK').map(({ id }) => id));
  const other = volumeIds.find((id) => !own.has(id));
  if (other === undefined) return;
  const text = `The volume ${other} (volumeids) is no data disk of the virtual machine ${vmId}; leave it out.`;
  throw new DurastackError('INVALID_INPUT', text);
}
