import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { createServiceOffering } from '@durastack/contracts/compute/create-service-offering';
import { HA_PRIORITY } from '@durastack/contracts/compute/ha-priority';
import { joinTags } from '@durastack/contracts/tags';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { serviceOfferings } from '@durastack/store/lists/compute/service-offerings.list';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { sizeColumns } from './offered-size.js';

/** Creates a service offering. */
@Handles(createServiceOffering)
export class CreateServiceOfferingHandler implements CommandHandler<typeof createServiceOffering> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    params: ParamsOf<typeof createServiceOffering>,
  ): Promise<ResultOf<typeof createServiceOffering>> {
    const id = newId();
    const tx = autocommit(this.platform.database);
    await insertRow(tx, 'service_offering', {
      id,
      name: params.name,
      display_text: params.displayText ?? params.name,
      ...sizeColumns(params),
      storage_type: params.storageType ?? 'shared',
      host_tags: joinTags(params.hostTags),
      storage_tags: joinTags(params.tags),
      offer_ha: params.offerHa ?? false,
      ha_priority: params.haPriority ?? HA_PRIORITY.usual,
      dynamic_scaling: params.dynamicScalingEnabled ?? false,
      removed: false,
      created_at: new Date(),
    });
    return readOne(tx, serviceOfferings, call.caller, id);
  }
}
