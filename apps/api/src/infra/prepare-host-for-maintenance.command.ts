import type { ParamsOf } from '@durastack/contracts/command';
import { prepareHostForMaintenance } from '@durastack/contracts/infra/prepare-host-for-maintenance';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { acceptOn } from '../operations/accept-on.js';
import { Platform } from '../platform.js';

/** Accepts that a host is emptied for maintenance. */
@Handles(prepareHostForMaintenance)
export class PrepareHostForMaintenanceHandler implements CommandHandler<typeof prepareHostForMaintenance> {
  constructor(private readonly platform: Platform) {}

  execute(call: Call, { id, ...input }: ParamsOf<typeof prepareHostForMaintenance>): Promise<StartedOperation> {
    return acceptOn(this.platform, call, {
      command: prepareHostForMaintenance,
      resource: { type: 'host', id },
      owned: false,
      input,
      naturalKey: id,
    });
  }
}
