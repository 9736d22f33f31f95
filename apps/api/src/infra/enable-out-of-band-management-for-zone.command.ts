import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { enableOutOfBandManagementForZone } from '@durastack/contracts/infra/enable-out-of-band-management-for-zone';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { switchZoneManagement } from './out-of-band-switch.js';

type Declared = typeof enableOutOfBandManagementForZone;

/** Lets the management controllers of a zone be used again, each as it is enabled for its host. */
@Handles(enableOutOfBandManagementForZone)
export class EnableOutOfBandManagementForZoneHandler implements CommandHandler<Declared> {
  constructor(private readonly platform: Platform) {}

  execute(_call: Call, { zoneId }: ParamsOf<Declared>): Promise<ResultOf<Declared>> {
    return switchZoneManagement(this.platform.database, zoneId, true);
  }
}
