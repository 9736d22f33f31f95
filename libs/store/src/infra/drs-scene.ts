/** A cluster as plans of the distributed resource scheduler look at it. */
import type { MachineNeeds, Overcommit, PlacementSnapshot } from '@durastack/contracts/compute/placement';
import { readNeeds } from '../compute/placement-needs.js';
import { readDedications, readHosts, readPoolsOf } from '../compute/placement-rows.js';
import type { Tx } from '../database/transaction.js';
import { readHostUse, type HostUse, type MeasuredUse } from './host-usage.js';

/** See the module's head. */
export interface DrsSceneRows {
  readonly snapshot: PlacementSnapshot;
  readonly hosts: readonly { readonly id: string; readonly capacity: MeasuredUse; readonly ownUse: MeasuredUse }[];
  readonly machines: readonly {
    readonly needs: MachineNeeds;
    readonly use: MeasuredUse;
    readonly pinned?: string;
  }[];
  /** Machines of which nothing was measured: what they reserved stands for what they use. */
  readonly unmeasured: number;
}

interface MachineRow {
  readonly id: string;
  readonly hostId: string;
  readonly state: string;
  readonly power: string;
  readonly busy: number;
}

/** Machines whose needs are read at once. */
const AT_ONCE = 2_000;

/** Reads it: a few queries, and a few more for every 2,000 machines. */
export async function readDrsScene(
  tx: Tx,
  overcommit: Overcommit,
  cluster: { readonly id: string; readonly zoneId: string },
): Promise<DrsSceneRows> {
  const hosts = await readHosts(tx, overcommit, {
    where: "cluster_id = ? AND state NOT IN ('Removed', 'Removing', 'Creating', 'Error') ORDER BY id",
    values: [cluster.id],
  });
  const snapshot = {
    hosts,
    pools: await readPoolsOf(tx, cluster.zoneId, hosts),
    dedications: await readDedications(tx, cluster.zoneId),
  };
  if (hosts.length === 0) return { snapshot, hosts: [], machines: [], unmeasured: 0 };
  const hostIds = hosts.map(({ id }) => id);
  const used = await readHostUse(tx, hostIds);
  const rows = await tx.query<MachineRow>(
    `SELECT v.id, v.host_id AS hostId, v.state, v.observed_power AS power,
       EXISTS (SELECT 1 FROM operation_lock l WHERE l.resource_type = 'virtual-machine' AND l.resource_id = v.id) AS busy
     FROM virtual_machine v WHERE v.host_id IN (?) AND v.state <> 'Expunged' ORDER BY v.id`,
    [hostIds],
  );
  const needs = new Map<string, MachineNeeds>();
  for (let start = 0; start < rows.length; start += AT_ONCE) {
    const part = rows.slice(start, start + AT_ONCE).map(({ id }) => id);
    for (const [id, one] of await readNeeds(tx, part)) needs.set(id, one);
  }
  let unmeasured = 0;
  const machines = rows.flatMap((row) => {
    const wanted = needs.get(row.id);
    if (!wanted) return [];
    const measured = measuredOf(row, used);
    if (!measured && row.power === 'running') unmeasured += 1;
    const reserved = { cpuMhz: wanted.cpuMhz, memoryMib: wanted.memoryMib };
    const use = row.power === 'running' ? (measured ?? reserved) : { cpuMhz: 0, memoryMib: 0 };
    const pinned = whyPinned(row);
    return [{ needs: wanted, use, ...(pinned === undefined ? {} : { pinned }) }];
  });
  return { snapshot, hosts: await readCapacities(tx, hostIds, { used, overcommit }), machines, unmeasured };
}

/** A machine that moved since is known to the host that it left. */
function measuredOf({ id, hostId }: MachineRow, used: ReadonlyMap<string, HostUse>): MeasuredUse | undefined {
  const here = used.get(hostId)?.machines.get(id);
  if (here) return here;
  for (const { machines } of used.values()) {
    const there = machines.get(id);
    if (there) return there;
  }
  return undefined;
}

function whyPinned({ state, power, busy }: MachineRow): string | undefined {
  if (Number(busy) === 1) return 'an operation is at work on it';
  if (state !== 'Running') return `it is ${state}`;
  return power === 'running' ? undefined : `it was last seen ${power}`;
}

async function readCapacities(
  tx: Tx,
  hostIds: readonly string[],
  { used, overcommit }: { readonly used: ReadonlyMap<string, HostUse>; readonly overcommit: Overcommit },
): Promise<DrsSceneRows['hosts']> {
  const rows = await tx.query<{ id: string; cpuMhz: number; memoryMib: number }>(
    'SELECT id, cpu_count * cpu_mhz AS cpuMhz, memory_mib AS memoryMib FROM host WHERE id IN (?)',
    [hostIds],
  );
  const { hostMemoryMib } = overcommit.host;
  return rows.map(({ id, cpuMhz, memoryMib }) => {
    const own = ownUseOf(used.get(id)) ?? { cpuMhz: 0, memoryMib: hostMemoryMib };
    return {
      id,
      capacity: { cpuMhz: Number(cpuMhz), memoryMib: Number(memoryMib) },
      // A host's average lags behind the averages of machines that came of late: what is left would be too little.
      ownUse: { ...own, memoryMib: Math.max(own.memoryMib, hostMemoryMib) },
    };
  });
}

/** What a host uses beside its machines. */
function ownUseOf(use: HostUse | undefined): MeasuredUse | undefined {
  if (use === undefined) return undefined;
  const machines = [...use.machines.values()];
  const rest = (of: (one: MeasuredUse) => number) =>
    Math.max(
      0,
      machines.reduce((left, one) => left - of(one), of(use)),
    );
  return { cpuMhz: rest(({ cpuMhz }) => cpuMhz), memoryMib: rest(({ memoryMib }) => memoryMib) };
}
