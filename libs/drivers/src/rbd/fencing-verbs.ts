/** The verbs by which the control plane fences at a Ceph cluster, with a key of its own that no host keeps. */
import type { VerbParams } from '@durastack/contracts/agent/verbs';
import type { DriverVerbs } from '../driver.js';
import type { HostShell } from '../process/host-shell.js';
import { blocklist, blocklistedAddresses, unblocklist } from './blocklist.js';
import type { CephCaller } from './ceph-tool.js';
import type { RbdAccesses } from './rbd-access.js';

/** See the verbs of these names. */
export type FencingVerbs = Pick<DriverVerbs, 'ensureBlocklisted' | 'ensureNotBlocklisted' | 'getBlocklist'>;

/** Makes them. */
export function fencingVerbs(accesses: RbdAccesses, shell: HostShell): FencingVerbs {
  const asFencer = (
    { pool, fencing: { user, secret } }: Pick<VerbParams<'getBlocklist'>, 'pool' | 'fencing'>,
    act?: (caller: CephCaller) => Promise<void>,
  ): Promise<{ addresses: string[] }> =>
    accesses.borrow({ pool, user, key: secret }, async (access) => {
      const caller = { pool, user, access, shell };
      await act?.(caller);
      return { addresses: await blocklistedAddresses(caller) };
    });
  return {
    ensureBlocklisted: (params) => asFencer(params, (caller) => blocklist(caller, params.address)),
    ensureNotBlocklisted: (params) => asFencer(params, (caller) => unblocklist(caller, params.address)),
    getBlocklist: (params) => asFencer(params),
  };
}
