import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { configureHAForHost } from '@durastack/contracts/infra/configure-ha-for-host';
import { HOST_HA_PROVIDERS } from '@durastack/contracts/infra/host-ha-states';
import { autocommit } from '@durastack/store/database/transaction';
import { configureHostHa } from '@durastack/store/ha/host-ha';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { hostHaResources } from '@durastack/store/lists/infra/host-ha-resources.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Says who tells whether a host is dead. */
@Handles(configureHAForHost)
export class ConfigureHAForHostHandler implements CommandHandler<typeof configureHAForHost> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof configureHAForHost>): Promise<ResultOf<typeof configureHAForHost>> {
    const { hostId: id, provider } = params;
    await configureHostHa(this.platform.database, { id, provider }, HOST_HA_PROVIDERS);
    return readOne(autocommit(this.platform.database), hostHaResources, call.caller, params.hostId);
  }
}
