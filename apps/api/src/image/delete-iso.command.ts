import type { ParamsOf } from '@durastack/contracts/command';
import { deleteIso } from '@durastack/contracts/image/delete-iso';
import { requireOutOfDrives } from '@durastack/store/compute/disc-change';
import { autocommit } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { anyHeld } from '../operations/held.js';
import { acceptOn } from '../operations/accept-on.js';
import { Platform } from '../platform.js';
import { requireImage } from './image-access.js';

/** Accepts the removal of an ISO. */
@Handles(deleteIso)
export class DeleteIsoHandler implements CommandHandler<typeof deleteIso> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, { id }: ParamsOf<typeof deleteIso>): Promise<StartedOperation> {
    const tx = autocommit(this.platform.database);
    const iso = { type: 'template', id } as const;
    await requireImage(tx, call.caller, { kind: 'iso', id });
    // Told at once where it is known: an earlier operation may change it.
    if (!(await anyHeld(tx, [iso]))) await requireOutOfDrives(tx, id, call.caller);
    return acceptOn(this.platform, call, {
      command: deleteIso,
      resource: iso,
      owned: true,
    });
  }
}
