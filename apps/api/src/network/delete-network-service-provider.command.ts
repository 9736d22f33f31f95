import type { ParamsOf } from '@durastack/contracts/command';
import { deleteNetworkServiceProvider } from '@durastack/contracts/network/delete-network-service-provider';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { requireRecord } from './physical-network-rows.js';

/** Forgets a provider. */
@Handles(deleteNetworkServiceProvider)
export class DeleteNetworkServiceProviderHandler implements CommandHandler<typeof deleteNetworkServiceProvider> {
  constructor(private readonly platform: Platform) {}

  async execute(_call: Call, params: ParamsOf<typeof deleteNetworkServiceProvider>): Promise<void> {
    await transaction(this.platform.database, async (tx) => {
      await requireRecord(tx, 'network_service_provider', params.id);
      await tx.execute('DELETE FROM network_service_provider WHERE id = ?', [params.id]);
    });
  }
}
