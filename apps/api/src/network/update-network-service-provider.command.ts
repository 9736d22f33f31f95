import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { updateNetworkServiceProvider } from '@durastack/contracts/network/update-network-service-provider';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { networkServiceProviders } from '@durastack/store/lists/network/network-service-providers.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { requireRecord, servicesOf, updateRecord } from './physical-network-rows.js';

/** Changes what is recorded of a provider. */
@Handles(updateNetworkServiceProvider)
export class UpdateNetworkServiceProviderHandler implements CommandHandler<typeof updateNetworkServiceProvider> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    params: ParamsOf<typeof updateNetworkServiceProvider>,
  ): Promise<ResultOf<typeof updateNetworkServiceProvider>> {
    const { database } = this.platform;
    const { id, state, serviceList } = params;
    await transaction(database, async (tx) => {
      await requireRecord(tx, 'network_service_provider', id);
      const columns = { state, service_list: serviceList === undefined ? undefined : servicesOf(serviceList) };
      await updateRecord(tx, { table: 'network_service_provider', id }, columns);
    });
    return readOne(autocommit(database), networkServiceProviders, call.caller, id);
  }
}
