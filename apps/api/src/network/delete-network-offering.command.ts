import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { deleteNetworkOffering } from '@durastack/contracts/network/delete-network-offering';
import { requireRow, updateRow } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Withdraws a network offering: the row stays for the networks that were made of it. */
@Handles(deleteNetworkOffering)
export class DeleteNetworkOfferingHandler implements CommandHandler<typeof deleteNetworkOffering> {
  constructor(private readonly platform: Platform) {}

  async execute(_call: Call, params: ParamsOf<typeof deleteNetworkOffering>): Promise<void> {
    const tx = autocommit(this.platform.database);
    const offering = { type: 'network-offering', id: params.id } as const;
    const row = await requireRow<{ name: string; is_default: number }>(tx, offering, { where: "live_key = ''" });
    if (row.is_default)
      throw new DurastackError('CONFLICT', `${row.name} came with the product; disable it with updateNetworkOffering.`);
    await updateRow(tx, offering, { state: 'Disabled', live_key: params.id });
  }
}
