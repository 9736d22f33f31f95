import type { ParamsOf } from '@durastack/contracts/command';
import { deleteNetwork } from '@durastack/contracts/network/delete-network';
import { autocommit } from '@durastack/store/database/transaction';
import { notFound, requireAccess } from '@durastack/store/identity/access';
import { accept } from '@durastack/store/operations/accept';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Accepts the removal of a network. */
@Handles(deleteNetwork)
export class DeleteNetworkHandler implements CommandHandler<typeof deleteNetwork> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof deleteNetwork>): Promise<StartedOperation> {
    const tx = autocommit(this.platform.database);
    const resource = { type: 'network', id: params.id } as const;
    await requireAccess(tx, call.caller, resource);
    const [row] = await tx.query<{ name: string; zone_id: string }>(
      "SELECT name, zone_id FROM network WHERE id = ? AND state <> 'Removed'",
      [params.id],
    );
    if (!row) throw notFound('id', params.id);
    return accept(this.platform.database, {
      command: deleteNetwork,
      caller: call.caller,
      resource,
      resourceName: row.name,
      zoneId: row.zone_id,
      locks: [resource],
      input: {},
    });
  }
}
