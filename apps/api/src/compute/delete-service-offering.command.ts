import type { ParamsOf } from '@durastack/contracts/command';
import { deleteServiceOffering } from '@durastack/contracts/compute/delete-service-offering';
import { requireRow, updateRow } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Withdraws a service offering: the row stays for the machines of its size. */
@Handles(deleteServiceOffering)
export class DeleteServiceOfferingHandler implements CommandHandler<typeof deleteServiceOffering> {
  constructor(private readonly platform: Platform) {}

  async execute(_call: Call, params: ParamsOf<typeof deleteServiceOffering>): Promise<void> {
    const tx = autocommit(this.platform.database);
    const offering = { type: 'service-offering', id: params.id } as const;
    await requireRow(tx, offering, { where: 'NOT removed' });
    await updateRow(tx, offering, { removed: true });
  }
}
