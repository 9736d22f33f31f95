import type { ParamsOf } from '@durastack/contracts/command';
import { deleteNetwork } from '@durastack/contracts/network/delete-network';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { acceptOn } from '../operations/accept-on.js';
import { Platform } from '../platform.js';

/** Accepts the removal of a network. */
@Handles(deleteNetwork)
export class DeleteNetworkHandler implements CommandHandler<typeof deleteNetwork> {
  constructor(private readonly platform: Platform) {}

  execute(call: Call, params: ParamsOf<typeof deleteNetwork>): Promise<StartedOperation> {
    return acceptOn(this.platform, call, {
      command: deleteNetwork,
      resource: { type: 'network', id: params.id },
      owned: true,
    });
  }
}
