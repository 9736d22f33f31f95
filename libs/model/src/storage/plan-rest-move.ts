/** Where the disks of a stopped machine go together, and through which hosts. Pure. */
import type {
  DiskNeed,
  HostSnapshot,
  MachineNeeds,
  PlacementSnapshot,
  PoolSnapshot,
} from '@durastack/contracts/compute/placement';
import { DisksJudge, reaches } from '../placement/judge-disks.js';

/** One disk on its way. */
export interface RestMove {
  readonly disk: DiskNeed;
  readonly poolId: string;
  /** The host that copies it: it reaches both, or the pool that it is on. */
  readonly hostId: string;
  /** The host that it is sent to, which reaches the pool that it goes to; null when the first reaches both. */
  readonly targetHostId: string | null;
}

/** What is done, or why nothing is. */
export type RestMovePlan =
  | { readonly kind: 'moves'; readonly moves: readonly RestMove[] }
  | { readonly kind: 'refused'; readonly code: 'INVALID_INPUT' | 'NO_CAPACITY'; readonly text: string };

const refused = (code: 'INVALID_INPUT' | 'NO_CAPACITY', text: string): RestMovePlan => ({
  kind: 'refused',
  code,
  text,
});

/**
 * Plans the disks that have a wanted pool; the others stay. A disk that is on its wanted pool stays too.
 *
 * @param hostId a host that is to reach all disks afterwards: those that it does not reach go to pools there
 */
export function planRestMove(snapshot: PlacementSnapshot, needs: MachineNeeds, hostId?: string): RestMovePlan {
  const up = snapshot.hosts.filter(({ state }) => state === 'Up');
  if (hostId === undefined) return planWanted(snapshot.pools, up, needs);
  const host = snapshot.hosts.find(({ id }) => id === hostId);
  if (!host) return refused('INVALID_INPUT', "the host is not in use in the machine's zone");
  const unfit = [host.state, host.allocationState].find((state) => state !== 'Up' && state !== 'Enabled');
  if (unfit !== undefined) return refused('INVALID_INPUT', `the host ${host.name} is ${unfit}`);
  const { disks, reason } = new DisksJudge(snapshot.pools, needs.disks, 'migrate').judge(host);
  if (reason)
    return refused(
      reason.kind === 'storage-room' ? 'NO_CAPACITY' : 'INVALID_INPUT',
      `the host ${host.name} ${reason.text}`,
    );
  const chosen = new Map(disks.map(({ volumeId, poolId }) => [volumeId, poolId]));
  const wanted = needs.disks.map((disk) => ({ ...disk, ...wantedPool(chosen.get(disk.volumeId)) }));
  // It goes before its equals.
  return planWanted(snapshot.pools, [host, ...up.filter(({ id }) => id !== hostId)], { ...needs, disks: wanted });
}

const wantedPool = (poolId: string | undefined): Pick<DiskNeed, 'wantedPoolId'> =>
  poolId === undefined ? {} : { wantedPoolId: poolId };

function planWanted(pools: readonly PoolSnapshot[], up: readonly HostSnapshot[], needs: MachineNeeds): RestMovePlan {
  const byId = new Map(pools.map((pool) => [pool.id, pool]));
  const moving = needs.disks.filter(
    ({ wantedPoolId, poolId }) => wantedPoolId !== undefined && wantedPoolId !== poolId,
  );
  const taken = new Map<string, number>();
  const moves: RestMove[] = [];
  for (const disk of moving) {
    const [source, target] = [byId.get(disk.poolId ?? ''), byId.get(disk.wantedPoolId!)];
    if (!source) return refused('INVALID_INPUT', `the disk ${disk.volumeId} is on no pool of the zone`);
    if (!target) return refused('INVALID_INPUT', `the pool ${disk.wantedPoolId} is not in use in the machine's zone`);
    const unfit = whyNot(target, disk, taken);
    if (unfit) return unfit;
    taken.set(target.id, (taken.get(target.id) ?? 0) + disk.sizeBytes);
    const way = wayBetween(up, source, target);
    if ('unreached' in way) return refused('INVALID_INPUT', `no host that is up reaches the pool ${way.unreached.id}`);
    moves.push({ disk, poolId: target.id, ...way });
  }
  const places = needs.disks.flatMap(({ wantedPoolId, poolId }) => byId.get(wantedPoolId ?? poolId ?? '') ?? []);
  if (!up.some((host) => places.every((pool) => reaches(host, pool))))
    return refused('INVALID_INPUT', 'no host that is up would reach all its disks then: it could not be started');
  return { kind: 'moves', moves };
}

function whyNot(pool: PoolSnapshot, disk: DiskNeed, taken: ReadonlyMap<string, number>): RestMovePlan | undefined {
  if (pool.state !== 'Up') return refused('INVALID_INPUT', `the pool ${pool.id} is ${pool.state}`);
  if (pool.allocationState !== 'Enabled')
    return refused('INVALID_INPUT', `the pool ${pool.id} is disabled: it takes nothing new`);
  const missing = disk.tags.filter((tag) => !pool.tags.includes(tag)).join(', ');
  if (missing !== '') return refused('INVALID_INPUT', `the pool ${pool.id} lacks the tag ${missing}`);
  const free = pool.bytesFree - (taken.get(pool.id) ?? 0);
  if (free >= disk.sizeBytes) return undefined;
  return refused('NO_CAPACITY', `the pool ${pool.id} has ${Math.max(0, free)} bytes free, ${disk.sizeBytes} needed`);
}

/** One host that reaches both pools, or one for each. */
function wayBetween(
  up: readonly HostSnapshot[],
  source: PoolSnapshot,
  target: PoolSnapshot,
): Pick<RestMove, 'hostId' | 'targetHostId'> | { readonly unreached: PoolSnapshot } {
  const both = up.find((host) => reaches(host, source) && reaches(host, target));
  if (both) return { hostId: both.id, targetHostId: null };
  const [from, to] = [source, target].map((pool) => up.find((host) => reaches(host, pool)));
  if (!from || !to) return { unreached: from ? target : source };
  return { hostId: from.id, targetHostId: to.id };
}
