import type { ParamsOf } from '@durastack/contracts/command';
import { deleteStoragePool } from '@durastack/contracts/storage/delete-storage-pool';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { acceptOn } from '../operations/accept-on.js';
import { Platform } from '../platform.js';

/** Accepts the removal of a pool. */
@Handles(deleteStoragePool)
export class DeleteStoragePoolHandler implements CommandHandler<typeof deleteStoragePool> {
  constructor(private readonly platform: Platform) {}

  execute(call: Call, params: ParamsOf<typeof deleteStoragePool>): Promise<StartedOperation> {
    return acceptOn(this.platform, call, {
      command: deleteStoragePool,
      resource: { type: 'storage-pool', id: params.id },
      owned: false,
    });
  }
}
