import type { ParamsOf } from '@durastack/contracts/command';
import { releaseDedicatedHost } from '@durastack/contracts/infra/release-dedicated-host';
import { autocommit } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { releaseDedicated } from './dedication.js';

/** Ends the dedication of a host. */
@Handles(releaseDedicatedHost)
export class ReleaseDedicatedHostHandler implements CommandHandler<typeof releaseDedicatedHost> {
  constructor(private readonly platform: Platform) {}

  async execute(_call: Call, params: ParamsOf<typeof releaseDedicatedHost>): Promise<void> {
    await releaseDedicated(autocommit(this.platform.database), { type: 'host', id: params.hostId });
  }
}
