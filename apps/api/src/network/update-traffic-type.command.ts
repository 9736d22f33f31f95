import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { updateTrafficType } from '@durastack/contracts/network/update-traffic-type';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { trafficTypes } from '@durastack/store/lists/network/traffic-types.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { labelColumns, requireRecord, updateRecord } from './physical-network-rows.js';

/** Changes what hosts call the network of a kind of traffic. */
@Handles(updateTrafficType)
export class UpdateTrafficTypeHandler implements CommandHandler<typeof updateTrafficType> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof updateTrafficType>): Promise<ResultOf<typeof updateTrafficType>> {
    const { database } = this.platform;
    await transaction(database, async (tx) => {
      await requireRecord(tx, 'traffic_type', params.id);
      await updateRecord(tx, { table: 'traffic_type', id: params.id }, labelColumns(params));
    });
    return readOne(autocommit(database), trafficTypes, call.caller, params.id);
  }
}
