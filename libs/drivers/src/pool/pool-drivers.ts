/** Every kind of pool, with its driver: what a new kind has to be added to. */
import type { PoolSpec, VolumeSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import { directoryPoolDriver } from '../directory-pool/directory-pool-driver.js';
import type { DriverVerbs, PoolSize } from '../driver.js';
import type { HostUser } from '../files/reachable.js';
import type { DiskSource, PoolDriver } from '../pool-driver.js';

/** The verbs about pools and what lies on them. */
export type PoolVerbs = Pick<
  DriverVerbs,
  | 'ensurePool'
  | 'ensurePoolGone'
  | 'ensureVolume'
  | 'ensureVolumeGone'
  | 'ensureTemplateOnPool'
  | 'ensureTemplateGoneFromPool'
>;

/** The pools of one host. */
export class PoolDrivers {
  /** The driver of a pool's kind. */
  of(pool: PoolSpec): PoolDriver {
    switch (pool.kind) {
      case 'directory':
      case 'shared-mount-point':
        return directoryPoolDriver as PoolDriver;
      case 'rbd':
        throw new DurastackError('ENVIRONMENT', `This agent has no driver for pools of the kind ${pool.kind}.`);
    }
  }

  /** See {@link PoolDriver.openDisk}. */
  openDisk(volume: VolumeSpec, qemu: HostUser): Promise<DiskSource> {
    return this.of(volume.pool).openDisk(volume, qemu);
  }

  /** See {@link PoolDriver.diskSource}. */
  diskSource(volume: VolumeSpec): DiskSource {
    return this.of(volume.pool).diskSource(volume);
  }

  /** What an inventory tells of pools. A pool that cannot be read is left out, and makes nobody wait for the others. */
  async contents(
    pools: readonly PoolSpec[],
  ): Promise<{ volumes: Record<string, string[]>; templates: Record<string, string[]> }> {
    const read = async (pool: PoolSpec) => {
      const driver = this.of(pool);
      return { id: pool.id, volumes: await driver.listVolumes(pool), templates: await driver.listTemplates(pool) };
    };
    const all = await Promise.all(pools.map(read));
    return {
      volumes: Object.fromEntries(all.map(({ id, volumes }) => [id, volumes])),
      templates: Object.fromEntries(all.map(({ id, templates }) => [id, templates])),
    };
  }

  /** Sizes of those pools that the agent does not measure itself. */
  measured(pools: readonly PoolSpec[]): PoolSize[] {
    return pools.flatMap((pool) => {
      const size = this.of(pool).measured?.(pool);
      return size ? [{ id: pool.id, ...size }] : [];
    });
  }

  /** The verbs. */
  verbs(): PoolVerbs {
    const nothing = async (work: Promise<void>): Promise<Record<string, never>> => {
      await work;
      return {};
    };
    return {
      ensurePool: ({ pool, ...rest }) => this.of(pool).ensurePool(pool, rest),
      ensurePoolGone: ({ pool }) => nothing(this.of(pool).ensurePoolGone(pool)),
      ensureVolume: ({ volume }, { signal }) => this.of(volume.pool).ensureVolume(volume, signal),
      ensureVolumeGone: ({ volumeId, pool }) => nothing(this.of(pool).ensureVolumeGone(volumeId, pool)),
      ensureTemplateOnPool: (params, context) => this.of(params.pool).ensureTemplateOnPool(params, context),
      ensureTemplateGoneFromPool: ({ templateId, pool }) =>
        nothing(this.of(pool).ensureTemplateGoneFromPool(templateId, pool)),
    };
  }
}
