import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { createNetworkOffering } from '@durastack/contracts/network/create-network-offering';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow, orConflict } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { networkOfferings } from '@durastack/store/lists/network/network-offerings.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { servicesOf } from './network-services.js';

/** Creates a network offering. */
@Handles(createNetworkOffering)
export class CreateNetworkOfferingHandler implements CommandHandler<typeof createNetworkOffering> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    params: ParamsOf<typeof createNetworkOffering>,
  ): Promise<ResultOf<typeof createNetworkOffering>> {
    const tx = autocommit(this.platform.database);
    const id = newId();
    const isShared = params.guestIpType === 'Shared';
    await orConflict(
      insertRow(tx, 'network_offering', {
        id,
        name: params.name,
        display_text: params.displayText ?? params.name,
        guest_ip_type: params.guestIpType,
        state: params.enable === true ? 'Enabled' : 'Disabled',
        availability: params.availability ?? 'Optional',
        is_default: false,
        for_vpc: params.forVpc ?? false,
        conserve_mode: params.conserveMode ?? true,
        is_persistent: params.isPersistent ?? false,
        specify_vlan: params.specifyVlan ?? false,
        specify_ip_ranges: isShared || (params.specifyIpRanges ?? false),
        egress_default_policy: params.egressDefaultPolicy ?? isShared,
        network_rate: params.networkRate,
        max_connections: params.maxConnections,
        tags: params.tags,
        services_json: JSON.stringify(servicesOf(params)),
        details_json: params.details && JSON.stringify(params.details),
        live_key: '',
        created_at: new Date(),
      }),
      `A network offering with the name ${params.name} exists already.`,
    );
    return readOne(tx, networkOfferings, call.caller, id);
  }
}
