import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { reinstateHost } from '@durastack/contracts/infra/reinstate-host';
import { requireRow } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { acceptOn } from '../operations/accept-on.js';
import { Platform } from '../platform.js';

/** Accepts that a fenced host is taken back. */
@Handles(reinstateHost)
export class ReinstateHostHandler implements CommandHandler<typeof reinstateHost> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, { id }: ParamsOf<typeof reinstateHost>): Promise<StartedOperation> {
    const resource = { type: 'host', id } as const;
    const host = await requireRow<{ name: string; state: string }>(autocommit(this.platform.database), resource);
    if (host.state !== 'Down')
      throw new DurastackError(
        'NOT_ALLOWED_IN_STATE',
        `Host ${host.name} is ${host.state}; only a fenced host, which is Down, is taken back.`,
        { details: { state: host.state } },
      );
    return acceptOn(this.platform, call, { command: reinstateHost, resource, owned: false, naturalKey: id });
  }
}
