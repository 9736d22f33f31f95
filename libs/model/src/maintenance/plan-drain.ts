/**
 * Where the machines of a host would go: each is placed as its migration would place it, with the room that those
 * before it take already gone. Pure; what really happens is decided by each migration when its turn comes.
 */
import type { HostSnapshot, MachineNeeds, PlacementSnapshot } from '@durastack/contracts/compute/placement';
import { summarise } from '../placement/explain-placement.js';
import { judgeHosts, type HostJudgement } from '../placement/judge-hosts.js';
import { byPreference } from '../placement/plan-placement.js';
import {
  mostImportantFirst,
  wayOff,
  whyNotAtAll,
  type LocalStoragePolicy,
  type Resident,
  type WayOff,
} from './decide-drain.js';

/** What would become of one machine. */
export interface PlannedDeparture {
  readonly resident: Resident;
  readonly way: WayOff;
  /** Where it would go; undefined: nowhere, or it is stopped. */
  readonly destination?: HostSnapshot;
  /** Why it cannot go; undefined: it can. */
  readonly obstacle?: string;
}

/** What is known of a host that is to be emptied. */
export interface DrainPlanScene {
  readonly residents: readonly Resident[];
  /** By machine; of one that is missing nothing can be said. */
  readonly needs: ReadonlyMap<string, MachineNeeds>;
  readonly snapshot: PlacementSnapshot;
  readonly localStorage: LocalStoragePolicy;
}

/** Plans every machine, in the order in which they would go. */
export function planDrain({ residents, needs, snapshot, localStorage }: DrainPlanScene): PlannedDeparture[] {
  const hosts = new Map(snapshot.hosts.map((host) => [host.id, host]));
  const placed = new Map<string, string>();
  return [...residents].sort(mostImportantFirst).map((resident): PlannedDeparture => {
    const way = wayOff(resident, localStorage);
    const refused = whyNotAtAll(resident, localStorage);
    if (refused !== undefined) return { resident, way, obstacle: refused };
    const wanted = needs.get(resident.vmId);
    if (way === 'stop' || !wanted) return { resident, way };
    const judged = judgeHosts({ ...snapshot, hosts: [...hosts.values()] }, moved(wanted, placed, needs), 'migrate');
    const best = suitable(judged);
    if (!best) return { resident, way, obstacle: summarise(judged) };
    const { host } = best;
    placed.set(resident.vmId, host.id);
    hosts.set(host.id, {
      ...host,
      cpuMhzFree: host.cpuMhzFree - wanted.cpuMhz,
      memoryMibFree: host.memoryMibFree - wanted.memoryMib,
    });
    return { resident, way, destination: host };
  });
}

function suitable(judged: readonly HostJudgement[]): HostJudgement | undefined {
  return judged.filter(({ reasons, storageMotion }) => reasons.length === 0 && !storageMotion).sort(byPreference)[0];
}

/** The needs of a machine when others of its groups have gone where the plan sends them. */
function moved(
  wanted: MachineNeeds,
  placed: ReadonlyMap<string, string>,
  needs: ReadonlyMap<string, MachineNeeds>,
): MachineNeeds {
  const affinity = wanted.affinity.map((group) => {
    const gone = [...placed].filter(([vmId]) =>
      needs.get(vmId)?.affinity.some(({ groupId }) => groupId === group.groupId),
    );
    const hostIds = [...group.hostIds];
    for (const [vmId, hostId] of gone) {
      const from = hostIds.indexOf(needs.get(vmId)?.hostId ?? '');
      if (from >= 0) hostIds.splice(from, 1, hostId);
    }
    return { ...group, hostIds };
  });
  return { ...wanted, affinity };
}
