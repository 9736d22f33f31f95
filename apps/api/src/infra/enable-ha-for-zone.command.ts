import type { ParamsOf } from '@durastack/contracts/command';
import { enableHAForZone } from '@durastack/contracts/infra/enable-ha-for-zone';
import { allowHa } from '@durastack/store/ha/host-ha';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Enables HA for a zone. */
@Handles(enableHAForZone)
export class EnableHAForZoneHandler implements CommandHandler<typeof enableHAForZone> {
  constructor(private readonly platform: Platform) {}

  async execute(_call: Call, params: ParamsOf<typeof enableHAForZone>): Promise<void> {
    await allowHa(this.platform.database, { type: 'zone', id: params.zoneId }, true);
  }
}
