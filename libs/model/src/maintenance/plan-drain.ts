/**
 * Where the machines of a host would go: each is placed as its migration would place it, with the room that those
 * before it take already gone. Pure; what really happens is decided by each migration when its turn comes.
 */
import type { HostSnapshot, MachineNeeds, PlacementSnapshot } from '@durastack/contracts/compute/placement';
import { PlacingInTurn } from '../placement/place-in-turn.js';
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
  const room = new PlacingInTurn(snapshot, needs, 'migrate');
  return residents.toSorted(mostImportantFirst).map((resident): PlannedDeparture => {
    const way = wayOff(resident, localStorage);
    const refused = whyNotAtAll(resident, localStorage);
    if (refused !== undefined) return { resident, way, obstacle: refused };
    const wanted = needs.get(resident.vmId);
    if (way === 'stop' || !wanted) return { resident, way };
    return { resident, way, ...room.place(wanted, way === 'migrate-with-volumes' ? 'along' : 'stay') };
  });
}
