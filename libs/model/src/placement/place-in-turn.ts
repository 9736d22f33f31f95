/**
 * Places many machines one after the other, as plans do: each with the room that those before it take already gone, and
 * with its groups where the plan sends them. Pure.
 */
import type {
  HostReason,
  HostSnapshot,
  MachineNeeds,
  PlacementSnapshot,
  PoolSnapshot,
} from '@durastack/contracts/compute/placement';
import { summarise } from './explain-placement.js';
import type { DiskChoice } from './judge-disks.js';
import { judgeHosts, type Purpose } from './judge-hosts.js';
import { byPreference } from './plan-placement.js';

/** Where a machine goes, or why nowhere. */
export type Turn = { readonly destination: HostSnapshot } | { readonly obstacle: string };

/** A zone whose room is given out in turn. */
export class PlacingInTurn {
  private readonly hosts: Map<string, HostSnapshot>;
  private readonly pools: Map<string, PoolSnapshot>;
  private readonly placed = new Map<string, string>();

  /** @param needs of every machine that may be placed, by its id */
  constructor(
    private readonly snapshot: PlacementSnapshot,
    private readonly needs: ReadonlyMap<string, MachineNeeds>,
    private readonly purpose: Purpose,
  ) {
    this.hosts = new Map(snapshot.hosts.map((host) => [host.id, host]));
    this.pools = new Map(snapshot.pools.map((pool) => [pool.id, pool]));
  }

  /** Takes the best host for a machine, its disks staying where they are, or (`along`) those going along that have to. */
  place(wanted: MachineNeeds, disks: 'stay' | 'along' = 'stay'): Turn {
    const snapshot = { ...this.snapshot, hosts: [...this.hosts.values()], pools: [...this.pools.values()] };
    const judged = judgeHosts(snapshot, this.amongItsGroups(wanted), this.purpose);
    const suitable = judged.filter(({ reasons, storageMotion }) => fits(reasons, storageMotion, disks));
    const best = suitable.sort((a, b) => a.disks.length - b.disks.length || byPreference(a, b))[0];
    if (!best) return { obstacle: summarise(judged) };
    const { host } = best;
    if (disks === 'along') this.takeRoom(wanted, best.disks);
    this.placed.set(wanted.vmId, host.id);
    this.hosts.set(host.id, {
      ...host,
      cpuMhzFree: host.cpuMhzFree - wanted.cpuMhz,
      memoryMibFree: host.memoryMibFree - wanted.memoryMib,
    });
    return { destination: host };
  }

  private takeRoom({ disks }: MachineNeeds, choices: readonly DiskChoice[]): void {
    for (const { volumeId, poolId } of choices) {
      const pool = this.pools.get(poolId);
      const { sizeBytes } = disks.find((disk) => disk.volumeId === volumeId) ?? { sizeBytes: 0 };
      if (pool) this.pools.set(poolId, { ...pool, bytesFree: pool.bytesFree - sizeBytes });
    }
  }

  /** The needs of a machine when others of its groups have gone where the plan sends them. */
  private amongItsGroups(wanted: MachineNeeds): MachineNeeds {
    if (wanted.affinity.length === 0) return wanted;
    const affinity = wanted.affinity.map((group) => {
      const hostIds = [...group.hostIds];
      for (const [vmId, hostId] of this.placed) {
        const other = this.needs.get(vmId);
        if (!other?.affinity.some(({ groupId }) => groupId === group.groupId)) continue;
        const from = hostIds.indexOf(other.hostId ?? '');
        if (from >= 0) hostIds.splice(from, 1, hostId);
      }
      return { ...group, hostIds };
    });
    return { ...wanted, affinity };
  }
}

const fits = (reasons: readonly HostReason[], storageMotion: boolean, disks: 'stay' | 'along'): boolean =>
  reasons.length === 0 && (disks === 'along' || !storageMotion);
