import { createHash } from 'node:crypto';
import type { DriverVerbs } from '../driver.js';
import type { SimulatedWorld } from './world.js';

type FencingVerbs = Pick<DriverVerbs, 'ensureBlocklisted' | 'ensureNotBlocklisted' | 'getBlocklist'>;

/** The blocklist of a simulated Ceph cluster, which all hosts share. */
export function fencingVerbs(world: SimulatedWorld, hostId: string): FencingVerbs {
  const change = (poolId: string, act: (addresses: Set<string>) => void): { addresses: string[] } => {
    const addresses = new Set(world.blocklist(poolId));
    act(addresses);
    world.setBlocklist(hostId, poolId, [...addresses]);
    return { addresses: [...addresses] };
  };
  return {
    ensureBlocklisted: async ({ pool, address }) => change(pool.id, (addresses) => void addresses.add(address)),
    ensureNotBlocklisted: async ({ pool, address }) => change(pool.id, (addresses) => void addresses.delete(address)),
    getBlocklist: async ({ pool }) => ({ addresses: [...world.blocklist(pool.id)] }),
  };
}

/** The address by which a simulated host reaches every cluster: one of its own, always the same. */
export function storageAddress(hostId: string): string {
  const [a = 0, b = 0, c = 0] = createHash('sha256').update(hostId).digest();
  return `10.${a}.${b}.${c}`;
}
