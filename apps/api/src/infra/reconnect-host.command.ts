import type { ParamsOf } from '@durastack/contracts/command';
import { reconnectHost } from '@durastack/contracts/infra/reconnect-host';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { acceptOn } from '../operations/accept-on.js';
import { Platform } from '../platform.js';

/** Accepts a reconnect. */
@Handles(reconnectHost)
export class ReconnectHostHandler implements CommandHandler<typeof reconnectHost> {
  constructor(private readonly platform: Platform) {}

  execute(call: Call, params: ParamsOf<typeof reconnectHost>): Promise<StartedOperation> {
    return acceptOn(this.platform, call, {
      command: reconnectHost,
      resource: { type: 'host', id: params.id },
      owned: false,
    });
  }
}
