import type { ParamsOf } from '@durastack/contracts/command';
import { deleteHost } from '@durastack/contracts/infra/delete-host';
import { autocommit } from '@durastack/store/database/transaction';
import { notFound } from '@durastack/store/identity/access';
import { accept } from '@durastack/store/operations/accept';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Accepts the removal of a host. */
@Handles(deleteHost)
export class DeleteHostHandler implements CommandHandler<typeof deleteHost> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof deleteHost>): Promise<StartedOperation> {
    const tx = autocommit(this.platform.database);
    const resource = { type: 'host', id: params.id } as const;
    const [row] = await tx.query<{ name: string; zone_id: string }>(
      "SELECT name, zone_id FROM host WHERE id = ? AND state <> 'Removed'",
      [params.id],
    );
    if (!row) throw notFound('id', params.id);
    return accept(this.platform.database, {
      command: deleteHost,
      caller: call.caller,
      resource,
      resourceName: row.name,
      zoneId: row.zone_id,
      locks: [resource],
      input: { forced: params.forced ?? false },
    });
  }
}
