import type { ParamsOf } from '@durastack/contracts/command';
import { reconnectHost } from '@durastack/contracts/infra/reconnect-host';
import { autocommit } from '@durastack/store/database/transaction';
import { notFound } from '@durastack/store/identity/access';
import { accept } from '@durastack/store/operations/accept';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Accepts a reconnect. */
@Handles(reconnectHost)
export class ReconnectHostHandler implements CommandHandler<typeof reconnectHost> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof reconnectHost>): Promise<StartedOperation> {
    const tx = autocommit(this.platform.database);
    const resource = { type: 'host', id: params.id } as const;
    const [row] = await tx.query<{ name: string; zone_id: string }>(
      "SELECT name, zone_id FROM host WHERE id = ? AND state <> 'Removed'",
      [params.id],
    );
    if (!row) throw notFound('id', params.id);
    return accept(this.platform.database, {
      command: reconnectHost,
      caller: call.caller,
      resource,
      resourceName: row.name,
      zoneId: row.zone_id,
      locks: [resource],
      input: {},
    });
  }
}
