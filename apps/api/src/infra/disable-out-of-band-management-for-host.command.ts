import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { disableOutOfBandManagementForHost } from '@durastack/contracts/infra/disable-out-of-band-management-for-host';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { switchHostManagement } from './out-of-band-switch.js';

type Declared = typeof disableOutOfBandManagementForHost;

/** Lets a host's management controller not be used any more. */
@Handles(disableOutOfBandManagementForHost)
export class DisableOutOfBandManagementForHostHandler implements CommandHandler<Declared> {
  constructor(private readonly platform: Platform) {}

  execute(_call: Call, { hostId }: ParamsOf<Declared>): Promise<ResultOf<Declared>> {
    return switchHostManagement(this.platform.database, hostId, false);
  }
}
