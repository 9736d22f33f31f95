import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { declareHostLost } from '@durastack/contracts/infra/declare-host-lost';
import { requireRow } from '@durastack/store/database/rows';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { hosts } from '@durastack/store/lists/infra/hosts.list';
import { declareLost } from '@durastack/store/proof/declare-lost';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Writes an administrator's word down. */
@Handles(declareHostLost)
export class DeclareHostLostHandler implements CommandHandler<typeof declareHostLost> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, { id }: ParamsOf<typeof declareHostLost>): Promise<ResultOf<typeof declareHostLost>> {
    const { database, settings } = this.platform;
    const { accountName, username } = call.caller;
    await transaction(database, async (tx) => {
      await requireRow(tx, { type: 'host', id }, { where: "state <> 'Removed'", lock: 'update' });
      const by = `${accountName}/${username}`;
      await declareLost(tx, { hostId: id, by, heartbeatIntervalMs: settings.heartbeatIntervalMs });
    });
    return readOne(autocommit(database), hosts, call.caller, id);
  }
}
