import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { createTags } from '@durastack/contracts/identity/create-tags';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { requireTaggable, requireTagType } from './tagged.js';

const MAX_KEY = 191;

/** Puts tags on things: on all of them, or on none. */
@Handles(createTags)
export class CreateTagsHandler implements CommandHandler<typeof createTags> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof createTags>): Promise<void> {
    const type = requireTagType(params.resourceType);
    const tags = Object.entries(params.tags);
    const bad = tags.find(([key, value]) => key === '' || key.length > MAX_KEY || value.length > 255);
    if (bad)
      throw new DurastackError(
        'INVALID_INPUT',
        `The tag ${bad[0].slice(0, 60)} is empty or too long (name ${MAX_KEY}, value 255).`,
      );
    await transaction(this.platform.database, async (tx) => {
      for (const id of [...params.resourceIds].sort()) {
        const accountId = await requireTaggable(tx, call.caller, type, id);
        for (const [key, value] of tags) {
          await tx.execute(
            `INSERT INTO resource_tag (resource_type, resource_id, \`key\`, value, account_id) VALUES (?, ?, ?, ?, ?)
             ON DUPLICATE KEY UPDATE value = ?`,
            [type, id, key, value, accountId, value],
          );
        }
      }
    });
  }
}
