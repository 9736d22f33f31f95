import { randomBytes } from 'node:crypto';
import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { createNetwork } from '@durastack/contracts/network/create-network';
import { newId } from '@durastack/kit/ids/new-id';
import { cidrOf, contains, toNumber } from '@durastack/model/network/address-plan';
import { autocommit, transaction, type Tx } from '@durastack/store/database/transaction';
import { notFound, ownerOf } from '@durastack/store/identity/access';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { networks } from '@durastack/store/lists/network/networks.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { segmentOf, takeVni, type ZoneVnis } from './network-segment.js';

type Params = ParamsOf<typeof createNetwork>;

/** Makes a shared network. Only a record: hosts set it up with the first machine that joins it there. */
@Handles(createNetwork)
export class CreateNetworkHandler implements CommandHandler<typeof createNetwork> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: Params): Promise<ResultOf<typeof createNetwork>> {
    const range = rangeOf(params);
    const segment = segmentOf(params);
    const id = newId();
    const { database, settings } = this.platform;
    await transaction(database, async (tx) => {
      const owner = await ownerOf(tx, call.caller, params);
      const zone = await checkZone(tx, params.zoneId, range.cidr);
      const vni = segment.vxlan ? await takeVni(tx, zone, segment.vxlan.vni) : null;
      await tx.execute(
        `INSERT INTO network (id, name, display_text, account_id, domain_id, zone_id, kind, acl, driver, bridge, vlan, vni, mtu, cidr, gateway, start_ip, end_ip,
           state, created_at)
         VALUES (?, ?, ?, ?, ?, ?, 'Shared', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'Implemented', NOW(3))`,
        [
          id,
          params.name,
          params.displayText ?? params.name,
          owner.accountId,
          params.domainId ?? owner.domainId,
          params.zoneId,
          aclOf(params),
          segment.driver,
          bridgeOf(settings.instance, vni),
          segment.vlan,
          vni,
          segment.mtu,
          range.cidr,
          params.gateway,
          params.startIp,
          params.endIp ?? params.startIp,
        ],
      );
    });
    return readOne(autocommit(database), networks, call.caller, id);
  }
}

function aclOf({ aclType, domainId }: Params): string {
  if (aclType === 'Account') return 'account';
  return domainId === undefined ? 'all' : 'domain';
}

function rangeOf({ gateway, netmask, startIp, endIp = startIp }: Params): { cidr: string } {
  const cidr = cidrOf(gateway, netmask);
  for (const ip of [startIp, endIp]) {
    if (!contains(cidr, ip))
      throw new DurastackError('INVALID_INPUT', `The address ${ip} is not in the network ${cidr}.`);
  }
  if (toNumber(endIp) < toNumber(startIp))
    throw new DurastackError('INVALID_INPUT', `endip ${endIp} comes before startip ${startIp}.`);
  return { cidr };
}

/** Name of its device on hosts. A VXLAN network has its bridge alone, so that one is named after the VNI. */
function bridgeOf(instance: string, vni: number | null): string {
  return vni === null ? `${instance}-b${randomBytes(2).toString('hex')}` : `${instance}-x${vni.toString(36)}`;
}

/** The zone, locked, in which the addresses are free. */
async function checkZone(tx: Tx, zoneId: string, cidr: string): Promise<ZoneVnis> {
  const [zone] = await tx.query<ZoneVnis>(
    'SELECT id, vni_first AS vniFirst, vni_last AS vniLast FROM zone WHERE id = ? FOR UPDATE',
    [zoneId],
  );
  if (!zone) throw notFound('zoneid', zoneId);
  const others = await tx.query<{ name: string; cidr: string }>(
    "SELECT name, cidr FROM network WHERE zone_id = ? AND state <> 'Removed'",
    [zoneId],
  );
  const clash = others.find(
    (other) => contains(cidr, other.cidr.split('/')[0] ?? '') || contains(other.cidr, cidr.split('/')[0] ?? ''),
  );
  if (clash)
    throw new DurastackError(
      'CONFLICT',
      `The addresses ${cidr} overlap those of the network ${clash.name} (${clash.cidr}).`,
    );
  return zone;
}
