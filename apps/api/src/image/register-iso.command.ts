import type { ParamsOf } from '@durastack/contracts/command';
import { registerIso } from '@durastack/contracts/image/register-iso';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { acceptFetchedImage } from './fetched-image.js';

/** Accepts an ISO: its row is there at once, `Downloading`. */
@Handles(registerIso)
export class RegisterIsoHandler implements CommandHandler<typeof registerIso> {
  constructor(private readonly platform: Platform) {}

  execute(call: Call, params: ParamsOf<typeof registerIso>): Promise<StartedOperation> {
    return acceptFetchedImage(this.platform, call, {
      ...{ command: registerIso, zoneId: params.zoneId, format: 'iso', hypervisor: 'None', params },
    });
  }
}
