/** From where calls are taken: the setting `api.allowed.source.cidr.list` of the cloud, or of an account. */
import { BlockList, isIPv6 } from 'node:net';
import { DurastackError } from '@durastack/contracts/errors';
import type { Tx } from '@durastack/store/database/transaction';
import { readAccountSettings } from '@durastack/store/operations/resource-settings';
import type { KnownCaller } from '../face/call.js';

/** The setting's name. */
export const ALLOWED_SOURCES = 'api.allowed.source.cidr.list';

/** Whether an address lies in one of these networks, comma-joined; an IPv4 address may be given as an IPv6 one. */
export function isAllowedSource(networks: string, address: string): boolean {
  const allowed = new BlockList();
  for (const network of networks.split(',')) {
    const [base = '', prefix] = network.split('/');
    allowed.addSubnet(base, Number(prefix), isIPv6(base) ? 'ipv6' : 'ipv4');
  }
  return allowed.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

/** @throws DurastackError FORBIDDEN when calls for the caller's account are not taken from where it is */
export async function requireAllowedSource(tx: Tx, caller: KnownCaller): Promise<void> {
  const networks = (await readAccountSettings(tx, caller))[ALLOWED_SOURCES];
  if (!isAllowedSource(networks, caller.sourceAddress))
    throw new DurastackError(
      'FORBIDDEN',
      `Calls for this account are not taken from ${caller.sourceAddress} (${ALLOWED_SOURCES}).`,
    );
}
