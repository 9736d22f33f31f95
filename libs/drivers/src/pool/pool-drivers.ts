/** Every kind of pool, with its driver: what a new kind has to be added to. */
import { join } from 'node:path';
import type { PoolBeat } from '@durastack/contracts/agent/pool-beat-verbs';
import type { PoolSpec, RbdPoolSpec, VolumeSpec } from '@durastack/contracts/agent/specs';
import type { VerbResult } from '@durastack/contracts/agent/verbs';
import { isDurastackError } from '@durastack/contracts/errors';
import { directoryPoolDriver } from '../directory-pool/directory-pool-driver.js';
import type { DriverVerbs, PoolSize } from '../driver.js';
import type { HostUser } from '../files/reachable.js';
import type { DiskSharing, DiskSource, PoolDriver, SecretKeeper, ToolImage } from '../pool-driver.js';
import type { HostShell } from '../process/host-shell.js';
import { fencingVerbs, type FencingVerbs } from '../rbd/fencing-verbs.js';
import { PoolBeats, type BeatingPool } from './pool-beats.js';
import { RbdAccesses } from '../rbd/rbd-access.js';
import { createRbdPoolDriver } from '../rbd/rbd-pool-driver.js';

/** The verbs about pools and what lies on them. */
export type PoolVerbs = Pick<
  DriverVerbs,
  | 'ensurePool'
  | 'ensurePoolGone'
  | 'ensureVolume'
  | 'ensureVolumeGone'
  | 'getVolumeSizes'
  | 'ensureTemplateOnPool'
  | 'ensureTemplateGoneFromPool'
  | 'watchPoolBeats'
> &
  FencingVerbs;

/** What {@link PoolDrivers} work with. */
export interface PoolDriversParts {
  /** Directory of the agent's own files: keys of pools are kept below it. */
  readonly stateDir: string;
  /** Where QEMU gets them from. */
  readonly secrets: SecretKeeper;
  /** Where tools run that speak with storage over the network. */
  readonly shell: HostShell;
}

/** The pools of one host. */
export class PoolDrivers {
  private readonly rbd: PoolDriver<RbdPoolSpec>;
  private readonly fencing: FencingVerbs;
  private readonly beats = new PoolBeats((pool) => this.beating(pool));
  /** See {@link PoolDriversParts.shell}. */
  readonly shell: HostShell;

  constructor({ stateDir, secrets, shell }: PoolDriversParts) {
    this.shell = shell;
    const accesses = new RbdAccesses(join(stateDir, 'rbd'));
    this.rbd = createRbdPoolDriver({ accesses, secrets, shell });
    this.fencing = fencingVerbs(accesses, shell);
  }

  /** The driver of a pool's kind. */
  of(pool: PoolSpec): PoolDriver {
    switch (pool.kind) {
      case 'directory':
      case 'shared-mount-point':
        return directoryPoolDriver as PoolDriver;
      case 'rbd':
        return this.rbd as PoolDriver;
    }
  }

  /** See {@link PoolDriver.openDisk}. */
  openDisk(volume: VolumeSpec, qemu: HostUser, sharing?: DiskSharing): Promise<DiskSource> {
    return this.of(volume.pool).openDisk(volume, qemu, sharing);
  }

  /** See {@link PoolDriver.diskSource}. */
  diskSource(volume: VolumeSpec): DiskSource {
    return this.of(volume.pool).diskSource(volume);
  }

  /** See {@link PoolDriver.forTools}. */
  forTools(volume: VolumeSpec): Promise<ToolImage> {
    return this.of(volume.pool).forTools(volume);
  }

  /** What an inventory tells of pools. A pool that cannot be read is left out, and makes nobody wait for the others. */
  async contents(
    pools: readonly PoolSpec[],
  ): Promise<{ volumes: Record<string, string[]>; templates: Record<string, string[]> }> {
    const read = async (pool: PoolSpec) => {
      const driver = this.of(pool);
      const [volumes, templates] = await Promise.all([driver.listVolumes(pool), driver.listTemplates(pool)]);
      return { id: pool.id, volumes, templates };
    };
    const all = (await Promise.all(pools.map((pool) => read(pool).catch(unread)))).filter((one) => one !== undefined);
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

  /** Writes this host's heartbeat to those of the pools that hosts share. */
  beat(pools: readonly PoolSpec[], beat: PoolBeat): Promise<void> {
    return this.beats.write(pools, beat);
  }

  /** The host writes no more heartbeats to the pool. */
  async endBeats(pool: PoolSpec, hostId: string): Promise<void> {
    if (this.beating(pool)) await this.of(pool).endBeats?.(pool, hostId);
  }

  private beating(pool: PoolSpec): BeatingPool | undefined {
    const { beat, readBeat } = this.of(pool);
    return pool.kind === 'directory' || !beat || !readBeat ? undefined : { beat, readBeat };
  }

  private async sizeOf(volume: VolumeSpec): Promise<VerbResult<'getVolumeSizes'>['sizes'][number]> {
    const { sizeBytes, allocatedBytes } = await this.forTools(volume);
    return { id: volume.id, sizeBytes, ...(allocatedBytes === undefined ? {} : { allocatedBytes }) };
  }

  /** The verbs. */
  verbs(): PoolVerbs {
    const nothing = async (work: Promise<void>): Promise<Record<string, never>> => {
      await work;
      return {};
    };
    return {
      ...this.fencing,
      ensurePool: ({ pool, ...rest }) => this.of(pool).ensurePool(pool, rest),
      ensurePoolGone: ({ pool }) => nothing(this.of(pool).ensurePoolGone(pool)),
      watchPoolBeats: (params, { signal }) => this.beats.watch(params, signal),
      ensureVolume: ({ volume }, { signal }) => this.of(volume.pool).ensureVolume(volume, signal),
      ensureVolumeGone: ({ volumeId, pool }) => nothing(this.of(pool).ensureVolumeGone(volumeId, pool)),
      getVolumeSizes: async ({ volumes }) => ({
        sizes: await Promise.all(volumes.map((volume) => this.sizeOf(volume))),
      }),
      ensureTemplateOnPool: (params, context) => this.of(params.pool).ensureTemplateOnPool(params, context),
      ensureTemplateGoneFromPool: ({ templateId, pool }) =>
        nothing(this.of(pool).ensureTemplateGoneFromPool(templateId, pool)),
    };
  }
}

/** A cluster that does not answer, or whose key this host was not told: others will tell what is there. */
function unread(error: unknown): undefined {
  if (isDurastackError(error, 'BACKEND_BUSY') || isDurastackError(error, 'POOL_UNKNOWN')) return undefined;
  throw error;
}
