import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { deleteVolume } from '@durastack/contracts/storage/delete-volume';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { acceptVolumeOperation } from './volume-operation.js';

/** Accepts the removal of a data disk. */
@Handles(deleteVolume)
export class DeleteVolumeHandler implements CommandHandler<typeof deleteVolume> {
  constructor(private readonly platform: Platform) {}

  execute(call: Call, params: ParamsOf<typeof deleteVolume>): Promise<StartedOperation> {
    return acceptVolumeOperation(this.platform, call, {
      command: deleteVolume,
      volumeId: params.id,
      check: async (_tx, { name, kind, vmId }) => {
        if (kind === 'DATADISK' && vmId === null) return;
        const why = kind === 'DATADISK' ? `attached to the virtual machine ${vmId}; detach it first` : 'a root disk';
        throw new DurastackError('NOT_ALLOWED_IN_STATE', `The volume ${name} is ${why}.`);
      },
    });
  }
}
