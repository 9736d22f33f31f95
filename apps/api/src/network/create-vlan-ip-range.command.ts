import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { createVlanIpRange } from '@durastack/contracts/network/create-vlan-ip-range';
import { newId } from '@durastack/kit/ids/new-id';
import { addressesOf, vlanNameOf } from '@durastack/model/network/public-range';
import { insertRow, orConflict, requireRow } from '@durastack/store/database/rows';
import { autocommit, transaction, type Tx } from '@durastack/store/database/transaction';
import { notFound, ownerOf } from '@durastack/store/identity/access';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { vlanIpRanges } from '@durastack/store/lists/network/vlan-ip-ranges.list';
import { addPublicIps } from '@durastack/store/network/public-ips';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Adds a range of public addresses. */
@Handles(createVlanIpRange)
export class CreateVlanIpRangeHandler implements CommandHandler<typeof createVlanIpRange> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof createVlanIpRange>): Promise<ResultOf<typeof createVlanIpRange>> {
    const { zoneId, gateway, netmask, startIp, endIp = startIp } = params;
    if (params.forVirtualNetwork === false)
      throw new DurastackError('INVALID_INPUT', 'Shared networks get their addresses from createNetwork.');
    const addresses = addressesOf({ gateway, netmask, startIp, endIp });
    const vlan = vlanNameOf(params.vlan);
    const id = newId();
    const { database } = this.platform;
    const made = transaction(database, async (tx) => {
      await requireRow(tx, { type: 'zone', id: zoneId }, { parameter: 'zoneid', lock: 'share' });
      const physicalNetworkId = await physicalNetworkOf(tx, params);
      const isForOne = params.account !== undefined || params.projectId !== undefined;
      const owner = isForOne ? await ownerOf(tx, call.caller, params) : undefined;
      await insertRow(tx, 'vlan_ip_range', {
        ...{ id, zone_id: zoneId, physical_network_id: physicalNetworkId, vlan, gateway, netmask },
        ...{ start_ip: startIp, end_ip: endIp },
        ...{ account_id: owner?.accountId, domain_id: owner?.domainId, created_at: new Date() },
      });
      await addPublicIps(tx, { rangeId: id, zoneId }, addresses);
    });
    await orConflict(made, `Another range of the zone has some of the addresses ${startIp} to ${endIp}.`);
    return readOne(autocommit(database), vlanIpRanges, call.caller, id);
  }
}

/**
 * The physical network that was named, or that carries public traffic in the zone, held until the transaction ends;
 * undefined where none is recorded.
 *
 * @throws DurastackError NOT_FOUND when the zone has no such physical network
 */
async function physicalNetworkOf(
  tx: Tx,
  { zoneId, physicalNetworkId }: ParamsOf<typeof createVlanIpRange>,
): Promise<string | undefined> {
  const [network] = await tx.query<{ id: string }>(
    physicalNetworkId === undefined
      ? `SELECT id FROM physical_network WHERE zone_id = ? AND id IN
           (SELECT physical_network_id FROM traffic_type WHERE traffic_type = 'Public')
          ORDER BY created_at, id LIMIT 1 LOCK IN SHARE MODE`
      : 'SELECT id FROM physical_network WHERE zone_id = ? AND id = ? LOCK IN SHARE MODE',
    [zoneId, ...(physicalNetworkId === undefined ? [] : [physicalNetworkId])],
  );
  if (network === undefined && physicalNetworkId !== undefined) throw notFound('physicalnetworkid', physicalNetworkId);
  return network?.id;
}
