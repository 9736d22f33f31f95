/** What the hosts of a place have, have given out and use, summed up by the database. */
import type { Tx } from '../database/transaction.js';

/** Of one resource: processors in MHz, or memory in MiB. */
export interface ResourceSums {
  readonly total: number;
  /** Given out to machines. */
  readonly reserved: number;
  /** Of the hosts that are up and measured: what they have, what they use, and the part that the busiest uses, 0 to 1. */
  readonly measuredTotal: number;
  readonly used: number;
  readonly peak: number;
}

/** Of the hosts of a place. */
export interface HostSums {
  readonly hosts: number;
  readonly hostsUp: number;
  readonly cpu: ResourceSums;
  readonly memory: ResourceSums;
}

/** Of a place without hosts. */
export const NO_HOSTS: HostSums = {
  ...{ hosts: 0, hostsUp: 0 },
  cpu: { total: 0, reserved: 0, measuredTotal: 0, used: 0, peak: 0 },
  memory: { total: 0, reserved: 0, measuredTotal: 0, used: 0, peak: 0 },
};

type Row = Readonly<Record<string, string | number | null>>;

const COLUMNS = {
  cpu: { total: 'cpu_count * cpu_mhz', reserved: 'cpu_mhz_reserved', share: 'cpu_percent_used / 100' },
  memory: { total: 'memory_mib', reserved: 'memory_mib_reserved', share: 'memory_mib_used / NULLIF(memory_mib, 0)' },
} as const;

function sumsSql(resource: keyof typeof COLUMNS): string {
  const { total, reserved, share } = COLUMNS[resource];
  // What was last heard of a host that is not up says nothing about now.
  const now = `IF(state = 'Up', ${share}, NULL)`;
  return `SUM(${total}) AS ${resource}Total, SUM(${reserved}) AS ${resource}Reserved,
    SUM(IF(${now} IS NULL, 0, ${total})) AS ${resource}MeasuredTotal, SUM(COALESCE(${now}, 0) * ${total}) AS ${resource}Used,
    MAX(${now}) AS ${resource}Peak`;
}

/** Of the hosts of each of these clusters, or zones; those without hosts are left out. One query, by an index. */
export async function readHostSums(
  tx: Tx,
  place: 'cluster' | 'zone',
  ids: readonly string[],
): Promise<ReadonlyMap<string, HostSums>> {
  if (ids.length === 0) return new Map();
  const rows = await tx.query<Row>(
    `SELECT ${place}_id AS id, COUNT(*) AS hosts, SUM(state = 'Up') AS hostsUp, ${sumsSql('cpu')}, ${sumsSql('memory')}
       FROM host WHERE ${place}_id IN (?) AND state <> 'Removed' GROUP BY ${place}_id`,
    [ids],
  );
  return new Map(rows.map((row) => [String(row['id']), toSums(row)]));
}

function toSums(row: Row): HostSums {
  const of = (resource: keyof typeof COLUMNS): ResourceSums => ({
    total: Number(row[`${resource}Total`]),
    reserved: Number(row[`${resource}Reserved`]),
    measuredTotal: Number(row[`${resource}MeasuredTotal`]),
    used: Number(row[`${resource}Used`]),
    peak: Number(row[`${resource}Peak`]),
  });
  return { hosts: Number(row['hosts']), hostsUp: Number(row['hostsUp']), cpu: of('cpu'), memory: of('memory') };
}

/** How many machines there are on a host. */
export interface MachineCount {
  readonly running: number;
  readonly all: number;
}

/** The machines on each of these hosts; those without machines are left out. One query, within an index. */
export async function countMachines(tx: Tx, hostIds: readonly string[]): Promise<ReadonlyMap<string, MachineCount>> {
  if (hostIds.length === 0) return new Map();
  const rows = await tx.query<Row>(
    `SELECT host_id AS id, SUM(state = 'Running') AS running, COUNT(*) AS machines FROM virtual_machine
      WHERE host_id IN (?) GROUP BY host_id`,
    [hostIds],
  );
  return new Map(
    rows.map(({ id, running, machines }) => [String(id), { running: Number(running), all: Number(machines) }]),
  );
}
