import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { addTrafficType } from '@durastack/contracts/network/add-traffic-type';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow, orConflict } from '@durastack/store/database/rows';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { trafficTypes } from '@durastack/store/lists/network/traffic-types.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { labelColumns, requireRecord } from './physical-network-rows.js';

/** Records a kind of traffic. */
@Handles(addTrafficType)
export class AddTrafficTypeHandler implements CommandHandler<typeof addTrafficType> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof addTrafficType>): Promise<ResultOf<typeof addTrafficType>> {
    const { database } = this.platform;
    const { physicalNetworkId, trafficType } = params;
    const id = newId();
    const added = transaction(database, async (tx) => {
      await requireRecord(tx, 'physical_network', physicalNetworkId, 'physicalnetworkid');
      await insertRow(tx, 'traffic_type', {
        ...{ id, physical_network_id: physicalNetworkId, traffic_type: trafficType, created_at: new Date() },
        ...labelColumns(params),
      });
    });
    await orConflict(added, `The physical network carries ${trafficType} traffic already.`);
    return readOne(autocommit(database), trafficTypes, call.caller, id);
  }
}
