import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { failOverHost } from '@durastack/contracts/infra/fail-over-host';
import { requireRow } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { fencingKey } from '@durastack/store/proof/begin-fence';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { acceptOn } from '../operations/accept-on.js';
import { Platform } from '../platform.js';

interface HostRow {
  readonly name: string;
  readonly state: string;
  readonly fence_epoch: number;
}

/** Accepts that a silent host is fenced, and its machines started elsewhere. */
@Handles(failOverHost)
export class FailOverHostHandler implements CommandHandler<typeof failOverHost> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, { id }: ParamsOf<typeof failOverHost>): Promise<StartedOperation> {
    const resource = { type: 'host', id } as const;
    const host = await requireRow<HostRow>(autocommit(this.platform.database), resource);
    if (host.state !== 'Disconnected')
      throw new DurastackError(
        'NOT_ALLOWED_IN_STATE',
        `Host ${host.name} is ${host.state}; only a host that does not report (Disconnected) is fenced. To empty one that does: prepareHostForMaintenance.`,
        { details: { state: host.state } },
      );
    const naturalKey = fencingKey({ id, fenceEpoch: host.fence_epoch });
    return acceptOn(this.platform, call, { command: failOverHost, resource, owned: false, naturalKey });
  }
}
