import type { ParamsOf } from '@durastack/contracts/command';
import { deleteTemplate } from '@durastack/contracts/image/delete-template';
import { autocommit } from '@durastack/store/database/transaction';
import { notFound, requireAccess } from '@durastack/store/identity/access';
import { accept } from '@durastack/store/operations/accept';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Accepts the removal of a template. */
@Handles(deleteTemplate)
export class DeleteTemplateHandler implements CommandHandler<typeof deleteTemplate> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof deleteTemplate>): Promise<StartedOperation> {
    const tx = autocommit(this.platform.database);
    const resource = { type: 'template', id: params.id } as const;
    await requireAccess(tx, call.caller, resource);
    const [row] = await tx.query<{ name: string; zone_id: string }>(
      "SELECT name, zone_id FROM template WHERE id = ? AND state <> 'Removed'",
      [params.id],
    );
    if (!row) throw notFound('id', params.id);
    return accept(this.platform.database, {
      command: deleteTemplate,
      caller: call.caller,
      resource,
      resourceName: row.name,
      zoneId: row.zone_id,
      locks: [resource],
      input: {},
    });
  }
}
