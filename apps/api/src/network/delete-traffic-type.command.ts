import type { ParamsOf } from '@durastack/contracts/command';
import { deleteTrafficType } from '@durastack/contracts/network/delete-traffic-type';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { requireRecord } from './physical-network-rows.js';

/** Forgets a kind of traffic. */
@Handles(deleteTrafficType)
export class DeleteTrafficTypeHandler implements CommandHandler<typeof deleteTrafficType> {
  constructor(private readonly platform: Platform) {}

  async execute(_call: Call, params: ParamsOf<typeof deleteTrafficType>): Promise<void> {
    await transaction(this.platform.database, async (tx) => {
      await requireRecord(tx, 'traffic_type', params.id);
      await tx.execute('DELETE FROM traffic_type WHERE id = ?', [params.id]);
    });
  }
}
