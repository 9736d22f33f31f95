import type { MachineNeeds, Overcommit, PlacementSnapshot } from '@durastack/contracts/compute/placement';
import { haPriorityOf } from '../compute/ha-priority.js';
import { readNeeds } from '../compute/placement-needs.js';
import { readZoneSnapshot } from '../compute/placement-rows.js';
import type { Tx } from '../database/transaction.js';
import { readChildren } from '../operations/children.js';

/** A machine that is on a host. */
export interface ResidentRow {
  readonly vmId: string;
  readonly name: string;
  readonly state: string;
  readonly memoryMib: number;
  /** See contracts/compute/ha-priority. */
  readonly haPriority: number;
  /** Whether a disk of it is on storage of its host alone. */
  readonly onLocalStorage: boolean;
}

/** A host that is being emptied. */
export interface DrainSceneRows {
  readonly residents: readonly ResidentRow[];
  /** Children of the drain, by the machine that each concerns, in the order in which they were asked for. */
  readonly departures: readonly { readonly vmId: string; readonly state: string; readonly error: string | null }[];
  /** Operations that chose the host before it was closed, and have not ended: they may yet bring a machine. */
  readonly arriving: number;
}

/** The machines on a host. */
async function readResidents(tx: Tx, hostId: string): Promise<ResidentRow[]> {
  const residents = await tx.query<Omit<ResidentRow, 'onLocalStorage'> & { local: number }>(
    `SELECT v.id AS vmId, v.name, v.state, v.memory_mib AS memoryMib, ${haPriorityOf('v', 's')} AS haPriority,
       EXISTS (SELECT 1 FROM volume o JOIN storage_pool p ON p.id = o.pool_id WHERE o.vm_id = v.id AND p.host_id IS NOT NULL) AS local
     FROM virtual_machine v JOIN service_offering s ON s.id = v.service_offering_id
      WHERE v.host_id = ? AND v.state <> 'Expunged' ORDER BY v.id`,
    [hostId],
  );
  return residents.map(({ local, ...resident }) => ({ ...resident, onLocalStorage: Number(local) === 1 }));
}

/** What is on a host, which children were asked to take it away, and what may still come. */
export async function readDrainScene(
  tx: Tx,
  { hostId, parentId }: { readonly hostId: string; readonly parentId: string },
): Promise<DrainSceneRows> {
  const children = await readChildren(tx, parentId);
  const [claims] = await tx.query<{ n: number }>(
    `SELECT COUNT(*) AS n FROM claim c JOIN operation o ON o.id = c.operation_id
      WHERE c.resource_type = 'host' AND c.resource_id = ? AND c.operation_id <> ? AND COALESCE(o.parent_id, '') <> ?`,
    [hostId, parentId, parentId],
  );
  return {
    residents: await readResidents(tx, hostId),
    departures: children.map(({ resourceId, state, error }) => ({ vmId: resourceId, state, error })),
    arriving: Number(claims?.n),
  };
}

/** What a plan for the machines of a host is made from. */
export interface DrainPlanRows {
  readonly residents: readonly ResidentRow[];
  readonly needs: ReadonlyMap<string, MachineNeeds>;
  readonly snapshot: PlacementSnapshot;
}

const NOWHERE: PlacementSnapshot = { hosts: [], pools: [], dedications: [] };

/** Reads the machines of a host, what they need, and the zone that they could go to. */
export async function readDrainPlan(
  tx: Tx,
  overcommit: Overcommit,
  host: { readonly id: string; readonly zoneId: string },
): Promise<DrainPlanRows> {
  const residents = await readResidents(tx, host.id);
  // Nobody has to go anywhere: the zone need not be read.
  if (residents.length === 0) return { residents, needs: new Map(), snapshot: NOWHERE };
  const needs = await readNeeds(
    tx,
    residents.map(({ vmId }) => vmId),
  );
  return { residents, needs, snapshot: await readZoneSnapshot(tx, overcommit, host.zoneId) };
}
