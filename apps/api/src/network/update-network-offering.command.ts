import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { updateNetworkOffering } from '@durastack/contracts/network/update-network-offering';
import { orConflict, requireRow, updateRow } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { networkOfferings } from '@durastack/store/lists/network/network-offerings.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Changes a network offering; networks that were made of it stay as they are. */
@Handles(updateNetworkOffering)
export class UpdateNetworkOfferingHandler implements CommandHandler<typeof updateNetworkOffering> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    params: ParamsOf<typeof updateNetworkOffering>,
  ): Promise<ResultOf<typeof updateNetworkOffering>> {
    const tx = autocommit(this.platform.database);
    const offering = { type: 'network-offering', id: params.id } as const;
    await requireRow(tx, offering, { where: "live_key = ''" });
    const change = updateRow(tx, offering, {
      name: params.name,
      display_text: params.displayText,
      state: params.state,
      availability: params.availability,
      max_connections: params.maxConnections,
      tags: params.tags,
    });
    await orConflict(change, `A network offering with the name ${params.name} exists already.`);
    return readOne(tx, networkOfferings, call.caller, params.id);
  }
}
