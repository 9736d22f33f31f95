import type { ParamsOf } from '@durastack/contracts/command';
import { maintainHost } from '@durastack/contracts/infra/maintain-host';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { acceptOn } from '../operations/accept-on.js';
import { Platform } from '../platform.js';

/** Accepts the whole maintenance of a host. */
@Handles(maintainHost)
export class MaintainHostHandler implements CommandHandler<typeof maintainHost> {
  constructor(private readonly platform: Platform) {}

  execute(call: Call, { id, ...input }: ParamsOf<typeof maintainHost>): Promise<StartedOperation> {
    return acceptOn(this.platform, call, {
      command: maintainHost,
      resource: { type: 'host', id },
      owned: false,
      input,
      naturalKey: id,
    });
  }
}
