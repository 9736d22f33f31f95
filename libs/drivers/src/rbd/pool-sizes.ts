/** Sizes of RBD pools, measured aside: heartbeats carry the last ones and never wait for a cluster. */
import type { RbdPoolSpec } from '@durastack/contracts/agent/specs';
import { z } from 'zod';
import { callCeph, type CephCaller } from './ceph-tool.js';
import { sourceAddresses } from './source-addresses.js';

const MEASURE_EVERY_MS = 30_000;

/** Bytes of a pool, and how this host gets there. */
export interface RbdPoolSize {
  readonly capacityBytes: number;
  readonly availableBytes: number;
  /** Addresses by which its clients on this host are known to the cluster. */
  readonly addresses: readonly string[];
}

const clusterUse = z.object({
  pools: z.array(z.object({ name: z.string(), stats: z.object({ stored: z.number(), max_avail: z.number() }) })),
});

/** What the pool holds and may still take, as the cluster reckons it with its replicas. */
export async function readPoolSize(caller: CephCaller): Promise<RbdPoolSize> {
  const use = clusterUse.parse(JSON.parse(await callCeph('ceph', caller, ['df', '--format', 'json'])));
  const stats = use.pools.find(({ name }) => name === caller.pool.pool)?.stats ?? { stored: 0, max_avail: 0 };
  const addresses = await sourceAddresses(caller.pool, caller.shell);
  return { capacityBytes: stats.stored + stats.max_avail, availableBytes: stats.max_avail, addresses };
}

/** See the module's head. */
export class PoolSizes {
  private readonly known = new Map<string, { size: RbdPoolSize; atMs: number }>();
  private readonly measuring = new Set<string>();

  constructor(private readonly measure: (pool: RbdPoolSpec) => Promise<RbdPoolSize>) {}

  /** Notes what was measured just now. */
  note(poolId: string, size: RbdPoolSize): void {
    this.known.set(poolId, { size, atMs: performance.now() });
  }

  /** The last size; a new one is measured meanwhile when it has become old. */
  last(pool: RbdPoolSpec): RbdPoolSize | undefined {
    const known = this.known.get(pool.id);
    const isOld = known === undefined || performance.now() - known.atMs > MEASURE_EVERY_MS;
    if (isOld && !this.measuring.has(pool.id)) void this.refresh(pool);
    return known?.size;
  }

  private async refresh(pool: RbdPoolSpec): Promise<void> {
    this.measuring.add(pool.id);
    try {
      this.note(pool.id, await this.measure(pool));
    } catch {
      // The size is simply not told: whoever needs the pool learns what is wrong with it.
      this.known.delete(pool.id);
    } finally {
      this.measuring.delete(pool.id);
    }
  }
}
