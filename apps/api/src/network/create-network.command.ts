import { randomBytes } from 'node:crypto';
import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { createNetwork } from '@durastack/contracts/network/create-network';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow } from '@durastack/store/database/rows';
import { autocommit, transaction, type Tx } from '@durastack/store/database/transaction';
import { notFound, ownerOf } from '@durastack/store/identity/access';
import { holdToLimits } from '@durastack/store/identity/limits';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { networks } from '@durastack/store/lists/network/networks.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { aclOf, offeringOf, refuseToUsers, type ChosenOffering } from './chosen-offering.js';
import { isolatedRange, L2_RANGE, refuseOverlap, sharedRange, type NetworkRange } from './network-range.js';
import { segmentOf, takeVni, type ZoneVnis } from './network-segment.js';

type Params = ParamsOf<typeof createNetwork>;

/** Makes a network. Only a record: hosts set it up with the first machine that joins it there. */
@Handles(createNetwork)
export class CreateNetworkHandler implements CommandHandler<typeof createNetwork> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: Params): Promise<ResultOf<typeof createNetwork>> {
    const id = newId();
    const { database, settings } = this.platform;
    await transaction(database, async (tx) => {
      const offering = await offeringOf(tx, params.networkOfferingId);
      refuseToUsers(call, params, offering);
      const segment = segmentOf(params, offering);
      // What is malformed is refused before anybody waits for the zone.
      if (offering.guestIpType === 'Shared') sharedRange(params);
      const owner = await ownerOf(tx, call.caller, params);
      const zone = await lockZone(tx, params.zoneId);
      const range = await rangeOf(tx, params, offering);
      const vni = segment.vxlan ? await takeVni(tx, zone, segment.vxlan.vni) : null;
      await insertRow(tx, 'network', {
        id,
        name: params.name,
        display_text: params.displayText ?? params.name,
        account_id: owner.accountId,
        domain_id: offering.guestIpType === 'Shared' ? (params.domainId ?? owner.domainId) : owner.domainId,
        zone_id: params.zoneId,
        kind: offering.guestIpType,
        offering_id: offering.id,
        acl: aclOf(params, offering),
        driver: segment.driver,
        bridge: bridgeOf(settings.instance, vni),
        vlan: segment.vlan,
        vni,
        mtu: segment.mtu,
        cidr: range.cidr,
        gateway: range.gateway,
        start_ip: range.startIp,
        end_ip: range.endIp,
        state: 'Implemented',
        created_at: new Date(),
      });
      await holdToLimits(tx, owner.accountId, ['network']);
    });
    return readOne(autocommit(database), networks, call.caller, id);
  }
}

/** Name of its device on hosts. A VXLAN network has its bridge alone, so that one is named after the VNI. */
function bridgeOf(instance: string, vni: number | null): string {
  return vni === null ? `${instance}-b${randomBytes(2).toString('hex')}` : `${instance}-x${vni.toString(36)}`;
}

/** Held until the end, so that no two networks of a zone choose at the same time. */
async function lockZone(tx: Tx, zoneId: string): Promise<ZoneVnis> {
  const [zone] = await tx.query<ZoneVnis>(
    'SELECT id, vni_first AS vniFirst, vni_last AS vniLast FROM zone WHERE id = ? FOR UPDATE',
    [zoneId],
  );
  if (!zone) throw notFound('zoneid', zoneId);
  return zone;
}

/**
 * Its addresses. Hosts are the gateway of the networks that they carry, so none may overlap another there; simulated
 * ones carry nothing, and tenants' isolated networks may be alike, as they will be with a router for each.
 */
async function rangeOf(tx: Tx, params: Params, { name, guestIpType }: ChosenOffering): Promise<NetworkRange> {
  const { zoneId } = params;
  const [real] = await tx.query("SELECT id FROM cluster WHERE zone_id = ? AND hypervisor <> 'Simulator' LIMIT 1", [
    zoneId,
  ]);
  const others = await tx.query<{ name: string; cidr: string; kind: string }>(
    "SELECT name, cidr, kind FROM network WHERE zone_id = ? AND state <> 'Removed' AND kind <> 'L2'",
    [zoneId],
  );
  if (guestIpType === 'L2') {
    if (real)
      throw new DurastackError(
        'INVALID_INPUT',
        `Networks of the offering ${name} are not supported by these hosts yet.`,
      );
    return L2_RANGE;
  }
  const isFree = guestIpType === 'Isolated' && real === undefined;
  const within = isFree ? [] : others.filter(({ kind }) => real !== undefined || kind === guestIpType);
  const range = guestIpType === 'Shared' ? sharedRange(params) : isolatedRange(params, within);
  refuseOverlap(range.cidr, within);
  return range;
}
