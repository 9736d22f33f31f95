import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { enableHAForHost } from '@durastack/contracts/infra/enable-ha-for-host';
import { autocommit } from '@durastack/store/database/transaction';
import { enableHostHa } from '@durastack/store/ha/host-ha';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { hostHaResources } from '@durastack/store/lists/infra/host-ha-resources.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Enables HA for a host. */
@Handles(enableHAForHost)
export class EnableHAForHostHandler implements CommandHandler<typeof enableHAForHost> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof enableHAForHost>): Promise<ResultOf<typeof enableHAForHost>> {
    await enableHostHa(this.platform.database, params.hostId, true);
    return readOne(autocommit(this.platform.database), hostHaResources, call.caller, params.hostId);
  }
}
