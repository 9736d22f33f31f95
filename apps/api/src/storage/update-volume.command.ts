import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { updateVolume } from '@durastack/contracts/storage/update-volume';
import { requireRow, updateRow } from '@durastack/store/database/rows';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { requireAccess } from '@durastack/store/identity/access';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { volumes } from '@durastack/store/lists/storage/volumes.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Gives a volume another name. No step reads it, so this waits for none. */
@Handles(updateVolume)
export class UpdateVolumeHandler implements CommandHandler<typeof updateVolume> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, { id, name }: ParamsOf<typeof updateVolume>): Promise<ResultOf<typeof updateVolume>> {
    const { database } = this.platform;
    const volume = { type: 'volume', id } as const;
    await transaction(database, async (tx) => {
      await requireAccess(tx, call.caller, volume);
      await requireRow(tx, volume, { where: "kind <> 'SPARE'", lock: 'update' });
      await updateRow(tx, volume, { name });
    });
    return readOne(autocommit(database), volumes, call.caller, id);
  }
}
