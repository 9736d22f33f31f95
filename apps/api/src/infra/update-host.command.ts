import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { updateHost } from '@durastack/contracts/infra/update-host';
import { joinTags } from '@durastack/contracts/tags';
import { requireRow, updateRow } from '@durastack/store/database/rows';
import { autocommit, transaction, type Tx } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { hosts } from '@durastack/store/lists/infra/hosts.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { changeTunnelAddress } from './tunnel-address.js';

/** Changes a host's name, tags and allocation state. None of them concerns an operation that holds it. */
@Handles(updateHost)
export class UpdateHostHandler implements CommandHandler<typeof updateHost> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof updateHost>): Promise<ResultOf<typeof updateHost>> {
    const tx = autocommit(this.platform.database);
    const host = { type: 'host', id: params.id } as const;
    await requireRow(tx, host, { where: "state <> 'Removed'" });
    if (params.allocationState !== undefined) await allocate(tx, params.id, params.allocationState);
    const { tunnelAddress } = params;
    if (tunnelAddress !== undefined)
      await transaction(this.platform.database, (inner) => changeTunnelAddress(inner, params.id, tunnelAddress));
    await updateRow(tx, host, { name: params.name, tags: joinTags(params.hostTags) });
    return readOne(tx, hosts, call.caller, params.id);
  }
}

/** Enables or disables a host, as compare-and-set: maintenance has its own commands. */
async function allocate(tx: Tx, id: string, wanted: string): Promise<void> {
  const { affectedRows } = await tx.execute(
    "UPDATE host SET allocation_state = ? WHERE id = ? AND allocation_state IN ('Enabled', 'Disabled')",
    [wanted.startsWith('Enable') ? 'Enabled' : 'Disabled', id],
  );
  if (affectedRows > 0) return;
  throw new DurastackError(
    'NOT_ALLOWED_IN_STATE',
    `Host ${id} is in maintenance, or it is being prepared; cancelHostMaintenance ends that.`,
  );
}
