import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { disableHAForHost } from '@durastack/contracts/infra/disable-ha-for-host';
import { autocommit } from '@durastack/store/database/transaction';
import { enableHostHa } from '@durastack/store/ha/host-ha';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { hostHaResources } from '@durastack/store/lists/infra/host-ha-resources.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Disables HA for a host. */
@Handles(disableHAForHost)
export class DisableHAForHostHandler implements CommandHandler<typeof disableHAForHost> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof disableHAForHost>): Promise<ResultOf<typeof disableHAForHost>> {
    await enableHostHa(this.platform.database, params.hostId, false);
    return readOne(autocommit(this.platform.database), hostHaResources, call.caller, params.hostId);
  }
}
