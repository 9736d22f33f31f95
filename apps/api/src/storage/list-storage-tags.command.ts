import type { ResultOf } from '@durastack/contracts/command';
import { listStorageTags } from '@durastack/contracts/storage/list-storage-tags';
import { autocommit } from '@durastack/store/database/transaction';
import { readTagsInUse } from '@durastack/store/infra/tags-in-use';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import { Platform } from '../platform.js';

/** Lists the tags of primary-storage pools. */
@Handles(listStorageTags)
export class ListStorageTagsHandler implements CommandHandler<typeof listStorageTags> {
  constructor(private readonly platform: Platform) {}

  async execute(): Promise<readonly ResultOf<typeof listStorageTags>[]> {
    const tags = await readTagsInUse(autocommit(this.platform.database), 'storage-pool');
    return tags.map((name) => ({ id: name, name }));
  }
}
