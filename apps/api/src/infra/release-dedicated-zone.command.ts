import type { ParamsOf } from '@durastack/contracts/command';
import { releaseDedicatedZone } from '@durastack/contracts/infra/release-dedicated-zone';
import { autocommit } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { releaseDedicated } from './dedication.js';

/** Ends the dedication of a zone. */
@Handles(releaseDedicatedZone)
export class ReleaseDedicatedZoneHandler implements CommandHandler<typeof releaseDedicatedZone> {
  constructor(private readonly platform: Platform) {}

  async execute(_call: Call, params: ParamsOf<typeof releaseDedicatedZone>): Promise<void> {
    await releaseDedicated(autocommit(this.platform.database), { type: 'zone', id: params.zoneId });
  }
}
