import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { createZone } from '@durastack/contracts/infra/create-zone';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import { newId } from '@durastack/kit/ids/new-id';
import { autocommit } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { zones } from '@durastack/store/lists/infra/zones.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Creates a zone. */
@Handles(createZone)
export class CreateZoneHandler implements CommandHandler<typeof createZone> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof createZone>): Promise<ResultOf<typeof createZone>> {
    const id = newId();
    const tx = autocommit(this.platform.database);
    await tx
      .execute(
        `INSERT INTO zone (id, name, dns1, dns2, internal_dns1, network_type, allocation_state, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3))`,
        [
          id,
          params.name,
          params.dns1,
          params.dns2 ?? null,
          params.internalDns1,
          params.networkType,
          params.allocationState ?? 'Enabled',
        ],
      )
      .catch((error: unknown) => {
        if (isDurastackError(error, 'CONFLICT'))
          throw new DurastackError('CONFLICT', `A zone with the name ${params.name} exists already.`, { cause: error });
        throw error;
      });
    return readOne(tx, zones, call.caller, id);
  }
}
