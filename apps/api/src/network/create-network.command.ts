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

type Params = ParamsOf<typeof createNetwork>;

/** Makes a shared network. Only a record: hosts set it up with the first machine that joins it there. */
@Handles(createNetwork)
export class CreateNetworkHandler implements CommandHandler<typeof createNetwork> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: Params): Promise<ResultOf<typeof createNetwork>> {
    const range = rangeOf(params);
    const vlan = vlanOf(params);
    const id = newId();
    const { database, settings } = this.platform;
    await transaction(database, async (tx) => {
      const owner = await ownerOf(tx, call.caller, params);
      await checkZone(tx, params.zoneId, range.cidr);
      await tx.execute(
        `INSERT INTO network (id, name, display_text, account_id, domain_id, zone_id, kind, acl, driver, bridge, vlan, cidr, gateway, start_ip, end_ip,
           state, created_at)
         VALUES (?, ?, ?, ?, ?, ?, 'Shared', ?, ?, ?, ?, ?, ?, ?, ?, 'Implemented', NOW(3))`,
        [
          id,
          params.name,
          params.displayText ?? params.name,
          owner.accountId,
          params.domainId ?? owner.domainId,
          params.zoneId,
          aclOf(params),
          params.driver ?? 'bridge',
          `${settings.instance}-b${randomBytes(2).toString('hex')}`,
          vlan,
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

function vlanOf({ vlan, driver }: Params): number | null {
  if (vlan === undefined || /^(vlan:\/\/)?untagged$/i.test(vlan)) return null;
  const tag = Number(/^(?:vlan:\/\/)?(\d+)$/i.exec(vlan)?.[1]);
  if (!(tag >= 1 && tag <= 4094))
    throw new DurastackError('INVALID_INPUT', `vlan ${vlan} is neither 1 to 4094 nor untagged.`);
  if (driver !== 'ovs')
    throw new DurastackError('INVALID_INPUT', 'A VLAN needs driver=ovs: Linux bridges of this product are untagged.');
  return tag;
}

async function checkZone(tx: Tx, zoneId: string, cidr: string): Promise<void> {
  const zones = await tx.query('SELECT id FROM zone WHERE id = ? FOR UPDATE', [zoneId]);
  if (zones.length === 0) throw notFound('zoneid', zoneId);
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
}
