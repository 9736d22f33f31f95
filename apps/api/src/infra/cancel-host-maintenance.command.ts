import type { ParamsOf } from '@durastack/contracts/command';
import { cancelHostMaintenance } from '@durastack/contracts/infra/cancel-host-maintenance';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { acceptOn } from '../operations/accept-on.js';
import { Platform } from '../platform.js';

/** Accepts that a host takes machines again. */
@Handles(cancelHostMaintenance)
export class CancelHostMaintenanceHandler implements CommandHandler<typeof cancelHostMaintenance> {
  constructor(private readonly platform: Platform) {}

  execute(call: Call, { id, ...input }: ParamsOf<typeof cancelHostMaintenance>): Promise<StartedOperation> {
    return acceptOn(this.platform, call, {
      command: cancelHostMaintenance,
      resource: { type: 'host', id },
      owned: false,
      input,
      naturalKey: id,
    });
  }
}
