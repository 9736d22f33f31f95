/** The offering that a new network is made of, and what follows from it for the caller. */
import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import type { createNetwork } from '@durastack/contracts/network/create-network';
import type { GuestIpType } from '@durastack/contracts/network/network-offerings';
import type { Tx } from '@durastack/store/database/transaction';
import { notFound } from '@durastack/store/identity/access';
import type { Call } from '../face/call.js';

type Params = ParamsOf<typeof createNetwork>;

/** What of it matters. */
export interface ChosenOffering {
  readonly id: string;
  readonly name: string;
  readonly guestIpType: GuestIpType;
  readonly specifyVlan: boolean;
}

/** Reads it. INVALID_INPUT when no network may be made of it. */
export async function offeringOf(tx: Tx, id: string): Promise<ChosenOffering> {
  const [row] = await tx.query<
    Omit<ChosenOffering, 'specifyVlan'> & { specifyVlan: number; state: string; forVpc: number }
  >(
    `SELECT id, name, guest_ip_type AS guestIpType, specify_vlan AS specifyVlan, state, for_vpc AS forVpc
     FROM network_offering WHERE id = ? AND live_key = ''`,
    [id],
  );
  if (row === undefined) throw notFound('networkofferingid', id);
  if (row.state !== 'Enabled')
    throw new DurastackError('INVALID_INPUT', `The network offering ${row.name} is ${row.state}; enable it first.`);
  if (row.forVpc)
    throw new DurastackError(
      'INVALID_INPUT',
      `The network offering ${row.name} is for VPCs, which are not supported yet.`,
    );
  return { id: row.id, name: row.name, guestIpType: row.guestIpType, specifyVlan: Boolean(row.specifyVlan) };
}

/** What reaches beyond the own account is for administrators. */
export function refuseToUsers(call: Call, params: Params, { name, guestIpType, specifyVlan }: ChosenOffering): void {
  if (call.caller.role === 'admin') return;
  const why =
    guestIpType === 'Shared' || specifyVlan
      ? `Networks of the offering ${name} are made by the root administrator.`
      : params.vlan !== undefined || params.driver !== undefined
        ? 'Only the root administrator chooses vlan and driver.'
        : undefined;
  if (why !== undefined) throw new DurastackError('FORBIDDEN', why);
}

/** Who may use the network: everybody, a domain or the account. */
export function aclOf({ aclType, domainId }: Params, { guestIpType }: ChosenOffering): string {
  if (guestIpType !== 'Shared') {
    if (aclType === 'Domain')
      throw new DurastackError('INVALID_INPUT', `${guestIpType} networks belong to an account: acltype is Account.`);
    return 'account';
  }
  if (aclType === 'Account') return 'account';
  return domainId === undefined ? 'all' : 'domain';
}
