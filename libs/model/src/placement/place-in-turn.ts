/**
 * Places many machines one after the other, as plans do: each with the room that those before it take already gone, and
 * with its groups where the plan sends them. Pure.
 */
import type { HostSnapshot, MachineNeeds, PlacementSnapshot } from '@durastack/contracts/compute/placement';
import { summarise } from './explain-placement.js';
import { judgeHosts, type Purpose } from './judge-hosts.js';
import { byPreference } from './plan-placement.js';

/** Where a machine goes, or why nowhere. */
export type Turn = { readonly destination: HostSnapshot } | { readonly obstacle: string };

/** A zone whose room is given out in turn. */
export class PlacingInTurn {
  private readonly hosts: Map<string, HostSnapshot>;
  private readonly placed = new Map<string, string>();

  /** @param needs of every machine that may be placed, by its id */
  constructor(
    private readonly snapshot: PlacementSnapshot,
    private readonly needs: ReadonlyMap<string, MachineNeeds>,
    private readonly purpose: Purpose,
  ) {
    this.hosts = new Map(snapshot.hosts.map((host) => [host.id, host]));
  }

  /** Takes the best host for a machine, its disks staying where they are. */
  place(wanted: MachineNeeds): Turn {
    const snapshot = { ...this.snapshot, hosts: [...this.hosts.values()] };
    const judged = judgeHosts(snapshot, this.amongItsGroups(wanted), this.purpose);
    const suitable = judged.filter(({ reasons, storageMotion }) => reasons.length === 0 && !storageMotion);
    const host = suitable.sort(byPreference)[0]?.host;
    if (!host) return { obstacle: summarise(judged) };
    this.placed.set(wanted.vmId, host.id);
    this.hosts.set(host.id, {
      ...host,
      cpuMhzFree: host.cpuMhzFree - wanted.cpuMhz,
      memoryMibFree: host.memoryMibFree - wanted.memoryMib,
    });
    return { destination: host };
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
