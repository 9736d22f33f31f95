import type { ParamsOf } from '@durastack/contracts/command';
import { deleteTags } from '@durastack/contracts/identity/delete-tags';
import { transaction, type Tx } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { requireTaggable, requireTagType } from './tagged.js';

/** Takes tags off things. */
@Handles(deleteTags)
export class DeleteTagsHandler implements CommandHandler<typeof deleteTags> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof deleteTags>): Promise<void> {
    const type = requireTagType(params.resourceType);
    await transaction(this.platform.database, async (tx) => {
      for (const id of [...params.resourceIds].sort()) {
        await requireTaggable(tx, call.caller, type, id);
        await remove(tx, { type, id, tags: params.tags });
      }
    });
  }
}

async function remove(
  tx: Tx,
  wanted: { type: string; id: string; tags: Record<string, string> | undefined },
): Promise<void> {
  const { type, id, tags } = wanted;
  const where = 'resource_type = ? AND resource_id = ?';
  if (tags === undefined) {
    await tx.execute(`DELETE FROM resource_tag WHERE ${where}`, [type, id]);
    return;
  }
  for (const [key, value] of Object.entries(tags)) {
    await tx.execute(`DELETE FROM resource_tag WHERE ${where} AND \`key\` = ? AND (? = '' OR value = ?)`, [
      type,
      id,
      key,
      value,
      value,
    ]);
  }
}
