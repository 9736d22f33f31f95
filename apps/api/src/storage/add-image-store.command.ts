import { absolutePath } from '@durastack/contracts/agent/specs';
import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { addImageStore } from '@durastack/contracts/storage/add-image-store';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow, orConflict, requireRow } from '@durastack/store/database/rows';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { imageStores } from '@durastack/store/lists/storage/image-stores.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { invalid, shorten } from '../face/text-faults.js';
import { Platform } from '../platform.js';

/** The directory of `file:///path` or of a plain absolute path. INVALID_INPUT for anything else. */
function pathOf(url: string): string {
  const text = url.startsWith('file://') ? (decoded(url.slice('file://'.length)) ?? '') : url;
  const path = text.replace(/(.)\/$/, '$1');
  // The very rule of agents; see absolutePath in the contracts.
  if (!absolutePath.safeParse(path).success)
    throw invalid('url', `The url ${shorten(url)} is no absolute directory; give one like file:///srv/images.`);
  return path;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURI(text);
  } catch {
    return undefined;
  }
}

/** Adds an image store. */
@Handles(addImageStore)
export class AddImageStoreHandler implements CommandHandler<typeof addImageStore> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof addImageStore>): Promise<ResultOf<typeof addImageStore>> {
    const id = newId();
    const path = pathOf(params.url);
    const name = params.name ?? path;
    const { database } = this.platform;
    const created = transaction(database, async (tx) => {
      await requireRow(tx, { type: 'zone', id: params.zoneId }, { parameter: 'zoneid', lock: 'share' });
      // A removed store of this name gives it up.
      await tx.execute(
        "UPDATE image_store SET name = CONCAT(LEFT(name, 200), ' (', id, ')') WHERE zone_id = ? AND name = ? AND removed",
        [params.zoneId, name],
      );
      await insertRow(tx, 'image_store', {
        id,
        zone_id: params.zoneId,
        name,
        path,
        removed: false,
        created_at: new Date(),
      });
    });
    await orConflict(created, `An image store with the name ${name} exists already in the zone ${params.zoneId}.`);
    return readOne(autocommit(database), imageStores, call.caller, id);
  }
}
