import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { createPhysicalNetwork } from '@durastack/contracts/network/create-physical-network';
import { DurastackError } from '@durastack/contracts/errors';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow, orConflict, requireRow } from '@durastack/store/database/rows';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { physicalNetworks } from '@durastack/store/lists/network/physical-networks.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { adoptVxlanRange } from '../infra/vxlan-range.js';
import { Platform } from '../platform.js';
import { addOwnProviders, joined } from './physical-network-rows.js';

/** Records a physical network. */
@Handles(createPhysicalNetwork)
export class CreatePhysicalNetworkHandler implements CommandHandler<typeof createPhysicalNetwork> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    params: ParamsOf<typeof createPhysicalNetwork>,
  ): Promise<ResultOf<typeof createPhysicalNetwork>> {
    const { database } = this.platform;
    const { name, zoneId, domainId, isolationMethods = [], networkSpeed, vlan } = params;
    if (isolationMethods.length > 1)
      throw new DurastackError('INVALID_INPUT', 'Only one isolationMethod can be specified for a physical network.');
    const id = newId();
    const created = transaction(database, async (tx) => {
      await requireRow(tx, { type: 'zone', id: zoneId }, { parameter: 'zoneid', lock: 'update' });
      if (domainId !== undefined)
        await requireRow(tx, { type: 'domain', id: domainId }, { parameter: 'domainid', where: 'NOT removed' });
      await insertRow(tx, 'physical_network', {
        ...{ id, zone_id: zoneId, domain_id: domainId, name, state: 'Disabled', network_speed: networkSpeed, vlan },
        ...{ isolation_methods: isolationMethods[0], broadcast_domain_range: params.broadcastDomainRange ?? 'ZONE' },
        ...{ tags: joined(params.tags), created_at: new Date() },
      });
      await addOwnProviders(tx, id);
      await adoptVxlanRange(tx, { zoneId, isolation: isolationMethods[0], vlan });
    });
    await orConflict(created, `The zone has a physical network ${name} already.`);
    return readOne(autocommit(database), physicalNetworks, call.caller, id);
  }
}
