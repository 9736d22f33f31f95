import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { deleteVPCOffering } from '@durastack/contracts/network/delete-vpc-offering';
import { requireRow, updateRow } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Withdraws a VPC offering. */
@Handles(deleteVPCOffering)
export class DeleteVpcOfferingHandler implements CommandHandler<typeof deleteVPCOffering> {
  constructor(private readonly platform: Platform) {}

  async execute(_call: Call, { id }: ParamsOf<typeof deleteVPCOffering>): Promise<void> {
    const tx = autocommit(this.platform.database);
    const offering = { type: 'vpc-offering', id } as const;
    const row = await requireRow<{ name: string; is_default: number }>(tx, offering, { where: "live_key = ''" });
    if (row.is_default)
      throw new DurastackError('CONFLICT', `${row.name} came with the product; disable it with updateVPCOffering.`);
    await updateRow(tx, offering, { state: 'Disabled', live_key: id });
  }
}
