import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { dedicateHost } from '@durastack/contracts/infra/dedicate-host';
import { autocommit } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { dedicatedHosts } from '@durastack/store/lists/infra/dedicated-hosts.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { dedicate } from './dedication.js';

/** Dedicates a host. */
@Handles(dedicateHost)
export class DedicateHostHandler implements CommandHandler<typeof dedicateHost> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof dedicateHost>): Promise<ResultOf<typeof dedicateHost>> {
    const id = await dedicate(this.platform.database, { type: 'host', id: params.hostId }, params);
    return readOne(autocommit(this.platform.database), dedicatedHosts, call.caller, id);
  }
}
