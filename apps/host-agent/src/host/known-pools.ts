import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { poolSpec, type DirectoryPoolSpec, type PoolSpec } from '@durastack/contracts/agent/specs';
import type { HostDriver, PoolSize } from '@durastack/drivers/driver';
import { mountOf } from '@durastack/drivers/files/mount';
import { z } from 'zod';
import { ensurePrivateDirectory, readJsonFile, writeDurableFile } from '../files/durable-file.js';

const MEASURE_MS = 2_000;

/** Pools that this host was told of, remembered so that heartbeats can carry their sizes. */
export class KnownPools {
  private readonly pools: Map<string, PoolSpec>;
  private readonly file: string;
  private readonly measuring = new Set<string>();

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

  /** All of them. */
  list(): PoolSpec[] {
    return [...this.pools.values()];
  }

  /** Present sizes; a pool that cannot be read just now is left out. */
  async measure(): Promise<PoolSize[]> {
    const pools = [...this.pools.values()];
    const byDriver = (await this.driver.measurePools?.(pools)) ?? [];
    const measured = new Set(byDriver.map(({ id }) => id));
    const others = pools.filter((pool) => pool.kind !== 'rbd').filter(({ id }) => !measured.has(id));
    const sizes = await Promise.all(others.map((pool) => this.measureOnce(pool)));
    return [...byDriver, ...sizes.filter((size) => size !== undefined)];
  }

  /** A mount that hangs holds one of the process's few file-system threads, and must not get a second one. */
  private async measureOnce(pool: DirectoryPoolSpec): Promise<PoolSize | undefined> {
    if (this.measuring.has(pool.id)) return undefined;
    this.measuring.add(pool.id);
    const measured = measureDirectory(pool).finally(() => this.measuring.delete(pool.id));
    return Promise.race([
      measured,
      new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), MEASURE_MS).unref()),
    ]);
  }

  private save(): void {
    ensurePrivateDirectory(this.directory);
    writeDurableFile(this.file, JSON.stringify([...this.pools.values()]));
  }
}

async function measureDirectory(pool: DirectoryPoolSpec): Promise<PoolSize | undefined> {
  try {
    const { bsize, blocks, bavail } = await statfs(pool.path);
    const mount = pool.kind === 'shared-mount-point' ? await mountOf(pool.path) : undefined;
    const size = { id: pool.id, capacityBytes: bsize * blocks, availableBytes: bsize * bavail };
    return { ...size, ...(mount === undefined ? {} : { mount }) };
  } catch {
    // An unreachable mount must not silence the host; ensurePool tells what is wrong with it.
    return undefined;
  }
}
