import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { updateIso } from '@durastack/contracts/image/update-iso';
import { autocommit } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { isos } from '@durastack/store/lists/image/isos.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { changeImage } from './change-image.js';

/** Changes an ISO. */
@Handles(updateIso)
export class UpdateIsoHandler implements CommandHandler<typeof updateIso> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof updateIso>): Promise<ResultOf<typeof updateIso>> {
    const tx = autocommit(this.platform.database);
    await changeImage(tx, call.caller, 'iso', params);
    return readOne(tx, isos, call.caller, params.id);
  }
}
