import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { updateHost } from '@durastack/contracts/infra/update-host';
import { requireRow, updateRow } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { hosts } from '@durastack/store/lists/infra/hosts.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Changes a host's name, tags and allocation state. None of them concerns an operation that holds it. */
@Handles(updateHost)
export class UpdateHostHandler implements CommandHandler<typeof updateHost> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof updateHost>): Promise<ResultOf<typeof updateHost>> {
    const tx = autocommit(this.platform.database);
    const host = { type: 'host', id: params.id } as const;
    await requireRow(tx, host, { where: "state <> 'Removed'" });
    const wanted = params.allocationState;
    await updateRow(tx, host, {
      name: params.name,
      tags: params.hostTags?.join(','),
      allocation_state: wanted === undefined ? undefined : wanted.startsWith('Enable') ? 'Enabled' : 'Disabled',
    });
    return readOne(tx, hosts, call.caller, params.id);
  }
}
