import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { disableOutOfBandManagementForZone } from '@durastack/contracts/infra/disable-out-of-band-management-for-zone';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { switchZoneManagement } from './out-of-band-switch.js';

type Declared = typeof disableOutOfBandManagementForZone;

/** Lets no management controller of a zone be used, whatever is enabled for its hosts. */
@Handles(disableOutOfBandManagementForZone)
export class DisableOutOfBandManagementForZoneHandler implements CommandHandler<Declared> {
  constructor(private readonly platform: Platform) {}

  execute(_call: Call, { zoneId }: ParamsOf<Declared>): Promise<ResultOf<Declared>> {
    return switchZoneManagement(this.platform.database, zoneId, false);
  }
}
