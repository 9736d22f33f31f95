import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { enableOutOfBandManagementForHost } from '@durastack/contracts/infra/enable-out-of-band-management-for-host';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { switchHostManagement } from './out-of-band-switch.js';

type Declared = typeof enableOutOfBandManagementForHost;

/** Lets a host's configured management controller be used. */
@Handles(enableOutOfBandManagementForHost)
export class EnableOutOfBandManagementForHostHandler implements CommandHandler<Declared> {
  constructor(private readonly platform: Platform) {}

  execute(_call: Call, { hostId }: ParamsOf<Declared>): Promise<ResultOf<Declared>> {
    return switchHostManagement(this.platform.database, hostId, true);
  }
}
