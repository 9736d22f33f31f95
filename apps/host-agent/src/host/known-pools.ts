import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { poolSpec, type PoolSpec } from '@durastack/contracts/agent/specs';
import type { HostDriver, PoolSize } from '@durastack/drivers/driver';
import { z } from 'zod';
import { ensurePrivateDirectory, readJsonFile, writeDurableFile } from '../files/durable-file.js';

/** Pools that this host was told of, remembered so that heartbeats can carry their sizes. */
export class KnownPools {
  private readonly pools: Map<string, PoolSpec>;
  private readonly file: string;

  constructor(
    private readonly directory: string,
    private readonly driver: HostDriver,
  ) {
    this.file = join(directory, 'pools.json');
    this.pools = new Map((readJsonFile(this.file, z.array(poolSpec)) ?? []).map((pool) => [pool.id, pool]));
  }

  /** Remembers a pool. */
  add(pool: PoolSpec): void {
    if (JSON.stringify(this.pools.get(pool.id)) === JSON.stringify(pool)) return;
    this.pools.set(pool.id, pool);
    this.save();
  }

  /** Forgets a pool. */
  remove(poolId: string): void {
    if (this.pools.delete(poolId)) this.save();
  }

  /** Present sizes; a pool that cannot be read just now is left out. */
  async measure(): Promise<PoolSize[]> {
    const pools = [...this.pools.values()];
    if (this.driver.measurePools !== undefined) return [...(await this.driver.measurePools(pools))];
    const sizes = await Promise.all(pools.map((pool) => measureDirectory(pool)));
    return sizes.filter((size) => size !== undefined);
  }

  private save(): void {
    ensurePrivateDirectory(this.directory);
    writeDurableFile(this.file, JSON.stringify([...this.pools.values()]));
  }
}

async function measureDirectory(pool: PoolSpec): Promise<PoolSize | undefined> {
  try {
    const { bsize, blocks, bavail } = await statfs(pool.path);
    return { id: pool.id, capacityBytes: bsize * blocks, availableBytes: bsize * bavail };
  } catch {
    // An unreachable mount must not silence the host; ensurePool tells what is wrong with it.
    return undefined;
  }
}
