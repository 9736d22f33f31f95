/**
 * Which hosts could take a machine whatever their room: asked of the placement's own judgement, once for all machines
 * that are alike in what it looks at.
 */
import type { MachineNeeds, PlacementSnapshot } from '@durastack/contracts/compute/placement';
import { judgeHosts } from '../placement/judge-hosts.js';
import type { DrsMachine } from './drs-scene.js';

/** By host: 0 not, 1 yes, above 1 it prefers it (a place dedicated to its owner). */
export type Eligible = Uint8Array;

/** What changes with every move, and is looked at apart. */
const ROOM: ReadonlySet<string> = new Set(['memory', 'cpu']);

/** The part of a machine's needs that stays as it is while machines move. */
const lasting = (needs: MachineNeeds): MachineNeeds => ({
  ...needs,
  ...{ cpuMhz: 0, memoryMib: 0, affinity: [], hostId: null, requestedHostId: null, lastHostId: null },
});

function kindOf({ hypervisor, hostTags, disks, tunnelNetwork, owner }: MachineNeeds, dedications: boolean): string {
  const pools = [...new Set(disks.map(({ poolId }) => String(poolId)))].sort((a, b) => (a < b ? -1 : 1));
  return JSON.stringify([hypervisor, hostTags, pools, tunnelNetwork !== null, dedications ? owner : null]);
}

/** Judges hosts by kinds of machines. */
export class EligibleHosts {
  private readonly byKind = new Map<string, Eligible>();
  /** Machines with a disk on storage of one host go nowhere. */
  private readonly localPools: ReadonlySet<string>;

  constructor(private readonly snapshot: PlacementSnapshot) {
    this.localPools = new Set(snapshot.pools.flatMap(({ id, hostId }) => (hostId === null ? [] : [id])));
  }

  /** The hosts that a machine may run on, or undefined when it stays where it is. */
  of({ needs, pinned }: DrsMachine): Eligible | undefined {
    if (pinned !== undefined) return undefined;
    if (needs.disks.some(({ poolId }) => poolId === null || this.localPools.has(poolId))) return undefined;
    const kind = kindOf(needs, this.snapshot.dedications.length > 0);
    const known = this.byKind.get(kind);
    if (known) return known;
    const judged = judgeHosts(this.snapshot, lasting(needs), 'migrate');
    const found = Uint8Array.from(judged, ({ reasons, storageMotion, preference }) =>
      storageMotion || reasons.some((reason) => !ROOM.has(reason.kind)) ? 0 : 1 + Math.max(0, Math.min(9, preference)),
    );
    this.byKind.set(kind, found);
    return found;
  }
}
