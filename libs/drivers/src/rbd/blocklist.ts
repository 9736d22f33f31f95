/**
 * Fencing on Ceph: the cluster answers no request of a blocklisted address any more, whatever a host there still runs.
 * RBD by itself does not stop a second writer; this does.
 */
import { isIP } from 'node:net';
import { DurastackError } from '@durastack/contracts/errors';
import { callCeph, type CephCaller } from './ceph-tool.js';

/** Ceph's default of an hour would let a fenced host write again by itself: entries are removed on purpose only. */
const TEN_YEARS_S = 10 * 365 * 86_400;

/** Addresses all of whose clients are shut out; entries of single clients, which librbd makes, are left out. */
export async function blocklistedAddresses(caller: CephCaller): Promise<string[]> {
  // Two lists come one after the other, of addresses and of ranges, so that the whole is no JSON.
  const text = await callCeph('ceph', caller, ['osd', 'blocklist', 'ls', '--format', 'json']);
  if (!text.trim().startsWith('['))
    throw new DurastackError(
      'STEP_REFUSED',
      `The blocklist of ${caller.pool.pool}'s cluster cannot be read: ${text.slice(0, 100)}`,
    );
  const entries = [...text.matchAll(/"addr":"([^"]+)"/g)];
  return entries.flatMap(([, addr = '']) => /^\[?([0-9A-Fa-f.:]+?)\]?:0\/0$/.exec(addr)?.[1] ?? []);
}

/**
 * No client at the address is served any more: confirmed by the cluster's own list.
 *
 * @throws DurastackError `STEP_REFUSED` when the user may not do that, `BACKEND_BUSY` when it cannot be confirmed
 */
export async function blocklist(caller: CephCaller, address: string): Promise<void> {
  requireAddress(address);
  await callCeph('ceph', caller, ['osd', 'blocklist', 'add', address, String(TEN_YEARS_S)]);
  if ((await blocklistedAddresses(caller)).includes(address)) return;
  throw new DurastackError('BACKEND_BUSY', `${address} is not on the blocklist of ${caller.pool.pool}'s cluster yet`);
}

/** Clients at the address are served again. */
export async function unblocklist(caller: CephCaller, address: string): Promise<void> {
  requireAddress(address);
  if ((await blocklistedAddresses(caller)).includes(address))
    await callCeph('ceph', caller, ['osd', 'blocklist', 'rm', address]);
  if (!(await blocklistedAddresses(caller)).includes(address)) return;
  throw new DurastackError('BACKEND_BUSY', `${address} is still on the blocklist of ${caller.pool.pool}'s cluster`);
}

function requireAddress(address: string): void {
  if (isIP(address) === 0) throw new DurastackError('INVALID_INPUT', `${address} is no IP address to be blocklisted`);
}
