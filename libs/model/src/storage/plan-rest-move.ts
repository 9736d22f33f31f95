/** Where the disks of a stopped machine go together, and through which hosts. Pure. */
import type {
  DiskNeed,
  HostSnapshot,
  MachineNeeds,
  PlacementSnapshot,
  PoolSnapshot,
} from '@durastack/contracts/compute/placement';
import { reaches } from '../placement/judge-disks.js';

/** One disk on its way. */
export interface RestMove {
  readonly disk: DiskNeed;
  readonly poolId: string;
  /** The host that copies it: it reaches both. */
  readonly hostId: string;
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

/** Plans the disks that have a wanted pool; the others stay. A disk that is on its wanted pool stays too. */
export function planRestMove({ hosts, pools }: PlacementSnapshot, needs: MachineNeeds): RestMovePlan {
  const byId = new Map(pools.map((pool) => [pool.id, pool]));
  const up = hosts.filter(({ state }) => state === 'Up');
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
    if (way === undefined)
      return refused(
        'INVALID_INPUT',
        `no host that is up reaches both the pool ${source.id} and the pool ${target.id}: start it, and move it while it runs`,
      );
    moves.push({ disk, poolId: target.id, hostId: way.id });
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

/** One host that reaches both pools. */
function wayBetween(up: readonly HostSnapshot[], source: PoolSnapshot, target: PoolSnapshot): HostSnapshot | undefined {
  return up.find((host) => reaches(host, source) && reaches(host, target));
}
