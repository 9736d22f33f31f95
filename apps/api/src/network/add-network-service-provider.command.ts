import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { addNetworkServiceProvider } from '@durastack/contracts/network/add-network-service-provider';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow, orConflict } from '@durastack/store/database/rows';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { networkServiceProviders } from '@durastack/store/lists/network/network-service-providers.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { requireRecord, servicesBy, servicesOf } from './physical-network-rows.js';

/** Records a provider. */
@Handles(addNetworkServiceProvider)
export class AddNetworkServiceProviderHandler implements CommandHandler<typeof addNetworkServiceProvider> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    params: ParamsOf<typeof addNetworkServiceProvider>,
  ): Promise<ResultOf<typeof addNetworkServiceProvider>> {
    const { database } = this.platform;
    const { physicalNetworkId, destinationPhysicalNetworkId: destination, name, serviceList } = params;
    const id = newId();
    const added = transaction(database, async (tx) => {
      await requireRecord(tx, 'physical_network', physicalNetworkId, 'physicalnetworkid');
      if (destination !== undefined)
        await requireRecord(tx, 'physical_network', destination, 'destinationphysicalnetworkid');
      await insertRow(tx, 'network_service_provider', {
        ...{ id, physical_network_id: physicalNetworkId, destination_physical_network_id: destination, name },
        ...{ state: 'Disabled', service_list: servicesOf(serviceList ?? servicesBy(name)), created_at: new Date() },
      });
    });
    await orConflict(added, `The physical network has a provider ${name} already.`);
    return readOne(autocommit(database), networkServiceProviders, call.caller, id);
  }
}
