import type { ParamsOf } from '@durastack/contracts/command';
import { deleteIso } from '@durastack/contracts/image/delete-iso';
import { autocommit } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { acceptOn } from '../operations/accept-on.js';
import { Platform } from '../platform.js';
import { requireImage } from './image-access.js';

/** Accepts the removal of an ISO. */
@Handles(deleteIso)
export class DeleteIsoHandler implements CommandHandler<typeof deleteIso> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, { id }: ParamsOf<typeof deleteIso>): Promise<StartedOperation> {
    await requireImage(autocommit(this.platform.database), call.caller, { kind: 'iso', id });
    return acceptOn(this.platform, call, {
      command: deleteIso,
      resource: { type: 'template', id },
      owned: true,
    });
  }
}
