import type { DiskNeed, HostReason, HostSnapshot, PoolSnapshot } from '@durastack/contracts/compute/placement';

/** A disk and the pool that it would go to. */
export interface DiskChoice {
  readonly volumeId: string;
  readonly poolId: string;
}

/** What was found about the disks of a machine for one host. */
export interface DisksJudgement {
  readonly reason?: HostReason;
  readonly disks: readonly DiskChoice[];
  readonly storageMotion: boolean;
}

/** Whether a host reaches a pool. */
export function reaches(
  host: Pick<HostSnapshot, 'id' | 'clusterId' | 'zoneId'>,
  pool: Pick<PoolSnapshot, 'hostId' | 'clusterId' | 'zoneId'>,
): boolean {
  if (pool.hostId !== null) return pool.hostId === host.id;
  if (pool.clusterId !== null) return pool.clusterId === host.clusterId;
  return pool.zoneId === host.zoneId;
}

const NONE: readonly PoolSnapshot[] = [];
const lacking = (pool: PoolSnapshot, tags: readonly string[]) => tags.filter((tag) => !pool.tags.includes(tag));

/** Pools by what reaches them, the roomiest first: a host looks at its own few, however many the zone has. */
class PoolIndex {
  private readonly byPlace = new Map<string, PoolSnapshot[]>();
  private readonly byId = new Map<string, PoolSnapshot>();

  constructor(pools: readonly PoolSnapshot[]) {
    for (const pool of [...pools].sort((a, b) => b.bytesFree - a.bytesFree)) {
      const place = pool.hostId ?? pool.clusterId ?? pool.zoneId;
      const there = this.byPlace.get(place);
      if (there) there.push(pool);
      else this.byPlace.set(place, [pool]);
      this.byId.set(pool.id, pool);
    }
  }

  get(id: string): PoolSnapshot | undefined {
    return this.byId.get(id);
  }

  /** Every pool that the host reaches, the roomiest of each place first. */
  *reachedBy(host: HostSnapshot): Generator<PoolSnapshot> {
    for (const place of [host.id, host.clusterId, host.zoneId]) yield* this.byPlace.get(place) ?? NONE;
  }
}

/** Judges hosts by the pools that they reach, for the disks of one machine. */
export class DisksJudge {
  private readonly index: PoolIndex;

  constructor(
    pools: readonly PoolSnapshot[],
    private readonly needs: readonly DiskNeed[],
    private readonly purpose: 'start' | 'migrate',
  ) {
    this.index = new PoolIndex(pools);
  }

  /** A pool for each disk that has none there, or why there is none. */
  judge(host: HostSnapshot): DisksJudgement {
    const disks: DiskChoice[] = [];
    const taken = new Map<string, number>();
    let storageMotion = false;
    for (const need of this.needs) {
      const { wantedPoolId } = need;
      if (wantedPoolId !== undefined) {
        const text = this.refusal(host, need, { wantedPoolId, taken });
        if (text !== undefined) return { reason: text, disks, storageMotion: true };
        storageMotion = true;
        taken.set(wantedPoolId, (taken.get(wantedPoolId) ?? 0) + need.sizeBytes);
        disks.push({ volumeId: need.volumeId, poolId: wantedPoolId });
        continue;
      }
      if (need.poolId !== null) {
        const pool = this.index.get(need.poolId);
        if (pool && reaches(host, pool)) continue;
        if (this.purpose === 'start')
          return { reason: { kind: 'storage', text: 'does not reach the pool of a disk' }, disks, storageMotion };
        storageMotion = true;
      }
      const pool = this.choose(host, need, taken);
      if ('text' in pool) return { reason: pool, disks, storageMotion };
      taken.set(pool.id, (taken.get(pool.id) ?? 0) + need.sizeBytes);
      disks.push({ volumeId: need.volumeId, poolId: pool.id });
    }
    return { disks, storageMotion };
  }

  /** Why the pool that was asked for does not do on this host. */
  private refusal(
    host: HostSnapshot,
    need: DiskNeed,
    { wantedPoolId, taken }: { wantedPoolId: string; taken: ReadonlyMap<string, number> },
  ): HostReason | undefined {
    const pool = this.index.get(wantedPoolId);
    if (!pool || !reaches(host, pool))
      return { kind: 'storage', text: 'does not reach the pool that was asked for', missing: wantedPoolId };
    const text = this.unfit(pool);
    if (text !== undefined) return { kind: 'storage', text: `reaches the pool that was asked for, which ${text}` };
    const missing = lacking(pool, need.tags).join(', ');
    if (missing !== '')
      return {
        kind: 'storage-tags',
        text: `reaches the pool that was asked for, which lacks the tag ${missing}`,
        missing,
      };
    const free = pool.bytesFree - (taken.get(pool.id) ?? 0);
    return free < need.sizeBytes ? roomReason(need, Math.max(0, free)) : undefined;
  }

  /** Why a pool takes no disk at present. */
  private unfit({ state, allocationState }: PoolSnapshot): string | undefined {
    if (state !== 'Up') return `is ${state}`;
    if (allocationState !== 'Enabled') return 'is disabled: it takes nothing new';
    return undefined;
  }

  private choose(host: HostSnapshot, need: DiskNeed, taken: ReadonlyMap<string, number>): PoolSnapshot | HostReason {
    let best: PoolSnapshot | undefined;
    let bestFree = -Infinity;
    let missing: string | undefined;
    for (const pool of this.index.reachedBy(host)) {
      if (this.unfit(pool) !== undefined) continue;
      const lacks = lacking(pool, need.tags);
      if (lacks.length > 0) {
        missing ??= lacks.join(', ');
        continue;
      }
      const free = pool.bytesFree - (taken.get(pool.id) ?? 0);
      if (free > bestFree) [best, bestFree] = [pool, free];
    }
    if (best) return bestFree >= need.sizeBytes ? best : roomReason(need, Math.max(0, bestFree));
    if (missing !== undefined)
      return { kind: 'storage-tags', text: `reaches no pool with the tag ${missing}`, missing };
    return { kind: 'storage', text: 'reaches no pool that is up' };
  }
}

const roomReason = ({ sizeBytes }: DiskNeed, free: number): HostReason => ({
  kind: 'storage-room',
  text: `reaches no pool with room: ${free} bytes free, ${sizeBytes} needed`,
  need: sizeBytes,
  free,
});
