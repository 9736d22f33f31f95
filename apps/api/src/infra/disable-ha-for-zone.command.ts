import type { ParamsOf } from '@durastack/contracts/command';
import { disableHAForZone } from '@durastack/contracts/infra/disable-ha-for-zone';
import { allowHa } from '@durastack/store/ha/host-ha';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Disables HA for a zone. */
@Handles(disableHAForZone)
export class DisableHAForZoneHandler implements CommandHandler<typeof disableHAForZone> {
  constructor(private readonly platform: Platform) {}

  async execute(_call: Call, params: ParamsOf<typeof disableHAForZone>): Promise<void> {
    await allowHa(this.platform.database, { type: 'zone', id: params.zoneId }, false);
  }
}
