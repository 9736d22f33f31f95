import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { dedicateZone } from '@durastack/contracts/infra/dedicate-zone';
import { autocommit } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { dedicatedZones } from '@durastack/store/lists/infra/dedicated-zones.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { dedicate } from './dedication.js';

/** Dedicates a zone. */
@Handles(dedicateZone)
export class DedicateZoneHandler implements CommandHandler<typeof dedicateZone> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof dedicateZone>): Promise<ResultOf<typeof dedicateZone>> {
    const id = await dedicate(this.platform.database, { type: 'zone', id: params.zoneId }, params);
    return readOne(autocommit(this.platform.database), dedicatedZones, call.caller, id);
  }
}
