import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { associateIpAddress } from '@durastack/contracts/network/associate-ip-address';
import { ROUTER_PROVIDER, type NetworkService } from '@durastack/contracts/network/network-offerings';
import { requireRow } from '@durastack/store/database/rows';
import { autocommit, transaction, type Tx } from '@durastack/store/database/transaction';
import { notFound, ownerOf, requireAccess, type Owner } from '@durastack/store/identity/access';
import { holdToLimits } from '@durastack/store/identity/limits';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { publicIpAddresses } from '@durastack/store/lists/network/public-ip-addresses.list';
import { takePublicIp } from '@durastack/store/network/public-ips';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

type Params = ParamsOf<typeof associateIpAddress>;

/** For whom an address is taken, and where. */
interface Purpose {
  readonly zoneId: string;
  readonly owner: Owner;
  readonly networkId: string | null;
}

/** Gives an account a public address. */
@Handles(associateIpAddress)
export class AssociateIpAddressHandler implements CommandHandler<typeof associateIpAddress> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: Params): Promise<ResultOf<typeof associateIpAddress>> {
    if (params.vpcId !== undefined) throw notFound('vpcid', params.vpcId);
    if (params.isPortable === true)
      throw new DurastackError('INVALID_INPUT', 'There are no portable addresses; leave isportable out.');
    const { database } = this.platform;
    const ip = params.ipAddress === '' ? undefined : params.ipAddress;
    const id = await transaction(database, async (tx) => {
      const purpose = await purposeOf(tx, call, params);
      const taken = await takePublicIp(tx, { ...purpose, ip });
      await holdToLimits(tx, purpose.owner.accountId, ['public_ip']);
      return taken;
    });
    return readOne(autocommit(database), publicIpAddresses, call.caller, id);
  }
}

async function purposeOf(tx: Tx, call: Call, params: Params): Promise<Purpose> {
  const { networkId, zoneId } = params;
  if (networkId !== undefined) return purposeOfNetwork(tx, call, networkId);
  if (zoneId === undefined) throw new DurastackError('INVALID_INPUT', 'Give networkid or zoneid.');
  const owner = await ownerOf(tx, call.caller, params);
  await requireRow(tx, { type: 'zone', id: zoneId }, { parameter: 'zoneid' });
  return { zoneId, owner, networkId: null };
}

/** The address belongs to whom the network does. */
async function purposeOfNetwork(tx: Tx, call: Call, id: string): Promise<Purpose> {
  const resource = { type: 'network', id } as const;
  const owner = await requireAccess(tx, call.caller, resource, 'networkid');
  const row = await requireRow<{ name: string; zone_id: string; offering_id: string; state: string }>(tx, resource, {
    ...{ parameter: 'networkid', lock: 'share' },
  });
  if (row.state !== 'Implemented')
    throw new DurastackError('NOT_ALLOWED_IN_STATE', `The network ${row.name} is ${row.state}.`);
  const [offering] = await tx.query<{ name: string; services: string }>(
    'SELECT name, services_json AS services FROM network_offering WHERE id = ?',
    [row.offering_id],
  );
  const services = JSON.parse(offering?.services ?? '[]') as NetworkService[];
  if (!services.some(({ provider }) => provider === ROUTER_PROVIDER)) {
    const message = `The offering ${offering?.name} of the network ${row.name} has no service that uses public addresses.`;
    throw new DurastackError('INVALID_INPUT', message);
  }
  return { zoneId: row.zone_id, owner, networkId: id };
}
