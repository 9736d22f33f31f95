import type { ParamsOf } from '@durastack/contracts/command';
import { deleteHost } from '@durastack/contracts/infra/delete-host';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { acceptOn } from '../operations/accept-on.js';
import { Platform } from '../platform.js';

/** Accepts the removal of a host. */
@Handles(deleteHost)
export class DeleteHostHandler implements CommandHandler<typeof deleteHost> {
  constructor(private readonly platform: Platform) {}

  execute(call: Call, params: ParamsOf<typeof deleteHost>): Promise<StartedOperation> {
    return acceptOn(this.platform, call, {
      command: deleteHost,
      resource: { type: 'host', id: params.id },
      owned: false,
      input: { forced: params.forced ?? false },
    });
  }
}
