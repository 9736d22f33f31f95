/**
 * What would become of the machines of a host that is lost: each is placed as its restart would place it, in the order
 * in which they are restarted. Pure; what really happens is decided by each restart when its turn comes.
 */
import type { HostSnapshot, MachineNeeds, PlacementSnapshot } from '@durastack/contracts/compute/placement';
import { PlacingInTurn } from '../placement/place-in-turn.js';

/** A machine that is on the host. */
export interface Endangered {
  readonly vmId: string;
  readonly name: string;
  readonly memoryMib: number;
  /** See contracts/compute/ha-priority. */
  readonly haPriority: number;
  /** Whether its service offering has it restarted elsewhere. */
  readonly offersHa: boolean;
  /** Whether it is meant to run. */
  readonly wanted: boolean;
}

/** What would become of one machine. */
export interface PlannedRestart {
  readonly machine: Endangered;
  /** Whether HA would restart it elsewhere, if there is room; the others wait for their host. */
  readonly restarts: boolean;
  /** Where; undefined: nowhere. */
  readonly destination?: HostSnapshot;
  /** Why nowhere. */
  readonly obstacle?: string;
}

/** What is known of a host and its zone. */
export interface HostLossScene {
  readonly hostId: string;
  readonly machines: readonly Endangered[];
  /** By machine. */
  readonly needs: ReadonlyMap<string, MachineNeeds>;
  readonly snapshot: PlacementSnapshot;
}

/** Groups are not bound by members on a host that is closed. */
const LOST = { state: 'Down', allocationState: 'Maintenance' } as const;

/** Plans every machine: those that are restarted in their order, then the others. */
export function planRestarts({ hostId, machines, needs, snapshot }: HostLossScene): PlannedRestart[] {
  const hosts = snapshot.hosts.map((host) => (host.id === hostId ? { ...host, ...LOST } : host));
  const room = new PlacingInTurn({ ...snapshot, hosts }, needs, 'start');
  const inOrder = machines.toSorted(
    (a, b) => b.haPriority - a.haPriority || b.memoryMib - a.memoryMib || (a.vmId < b.vmId ? -1 : 1),
  );
  const restarted = inOrder.filter(({ offersHa, wanted }) => offersHa && wanted);
  return [
    ...restarted.map((machine): PlannedRestart => {
      const wanted = needs.get(machine.vmId);
      return {
        machine,
        restarts: true,
        ...(wanted ? room.place({ ...wanted, requestedHostId: null }) : { obstacle: 'is not there any more' }),
      };
    }),
    ...inOrder
      .filter((machine) => !restarted.includes(machine))
      .map((machine) => ({ machine, restarts: false, obstacle: whyNot(machine) })),
  ];
}

function whyNot({ wanted }: Endangered): string {
  return wanted ? 'its service offering does not have it restarted elsewhere (offerha)' : 'it is not meant to run';
}
