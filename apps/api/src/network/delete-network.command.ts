import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { deleteNetwork } from '@durastack/contracts/network/delete-network';
import { autocommit } from '@durastack/store/database/transaction';
import { requireAccess } from '@durastack/store/identity/access';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { acceptOn } from '../operations/accept-on.js';
import { Platform } from '../platform.js';

/** Accepts the removal of a network. */
@Handles(deleteNetwork)
export class DeleteNetworkHandler implements CommandHandler<typeof deleteNetwork> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof deleteNetwork>): Promise<StartedOperation> {
    const resource = { type: 'network', id: params.id } as const;
    if (call.caller.role !== 'admin') {
      const tx = autocommit(this.platform.database);
      await requireAccess(tx, call.caller, resource);
      const [row] = await tx.query<{ kind: string }>('SELECT kind FROM network WHERE id = ?', [params.id]);
      if (row?.kind === 'Shared')
        throw new DurastackError('FORBIDDEN', 'Shared networks are removed by the root administrator.');
    }
    return acceptOn(this.platform, call, { command: deleteNetwork, resource, owned: true });
  }
}
