import type { ResultOf } from '@durastack/contracts/command';
import { listHostTags } from '@durastack/contracts/infra/list-host-tags';
import { autocommit } from '@durastack/store/database/transaction';
import { readTagsInUse } from '@durastack/store/infra/tags-in-use';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import { Platform } from '../platform.js';

/** Lists the tags of hosts. */
@Handles(listHostTags)
export class ListHostTagsHandler implements CommandHandler<typeof listHostTags> {
  constructor(private readonly platform: Platform) {}

  async execute(): Promise<readonly ResultOf<typeof listHostTags>[]> {
    const tags = await readTagsInUse(autocommit(this.platform.database), 'host');
    return tags.map((name) => ({ id: name, name, isImplicit: false }));
  }
}
