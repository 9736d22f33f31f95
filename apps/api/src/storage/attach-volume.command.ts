import type { ParamsOf } from '@durastack/contracts/command';
import { attachVolume } from '@durastack/contracts/storage/attach-volume';
import { autocommit } from '@durastack/store/database/transaction';
import { requireAccess } from '@durastack/store/identity/access';
import { planAttachment } from '@durastack/store/storage/attachment';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { acceptVolumeOperation } from './volume-operation.js';

/** Accepts an attachment. */
@Handles(attachVolume)
export class AttachVolumeHandler implements CommandHandler<typeof attachVolume> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof attachVolume>): Promise<StartedOperation> {
    const { id: volumeId, virtualMachineId: vmId, deviceId } = params;
    const vm = { type: 'virtual-machine', id: vmId } as const;
    await requireAccess(autocommit(this.platform.database), call.caller, vm, 'virtualmachineid');
    return acceptVolumeOperation(this.platform, call, {
      command: attachVolume,
      volumeId,
      vmId,
      input: deviceId === undefined ? {} : { deviceId },
      check: async (tx) => void (await planAttachment(tx, { volumeId, vmId, deviceId })),
    });
  }
}
