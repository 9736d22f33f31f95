/**
 * What is there, by looking: every row of the domain and every inventory of the simulator, of one zone; and what
 * differs between two such looks.
 *
 * Left out is what only tells how it came about: operations and their locks, events, clocks. Ids are told by what
 * they are, so that two runs of the same scenario can be compared.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tx } from '@durastack/store/database/transaction';

/** What the simulator writes about a pool; see libs/drivers/src/simulator/world.ts. */
interface SimulatedPool {
  readonly volumes: Readonly<Record<string, { readonly sizeBytes: number }>>;
  readonly templates: Readonly<Record<string, unknown>>;
}

/** What the simulator writes about a host. */
interface SimulatedHost {
  readonly vms: Readonly<
    Record<
      string,
      {
        readonly power: string;
        readonly spec: {
          readonly vcpus: number;
          readonly memoryMib: number;
          readonly rootVolume: { readonly id: string };
          readonly dataVolumes: readonly { readonly volume: { readonly id: string }; readonly deviceId: number }[];
          readonly disc?: { readonly isoId: string };
          readonly nics: readonly { readonly ip: string; readonly secondaryIps?: readonly string[] }[];
        };
      }
    >
  >;
  readonly networks: Readonly<Record<string, unknown>>;
  readonly pools: Readonly<Record<string, unknown>>;
  readonly content: Readonly<Record<string, SimulatedPool>>;
}

type Cell = string | number | null;
type Row = Record<string, Cell>;

/** Everything of one zone, by a name that stays the same as long as the thing is there. */
export interface Snapshot {
  readonly things: ReadonlyMap<string, Row>;
  /** What an id stands for. */
  readonly kinds: ReadonlyMap<string, string>;
}

/** One thing that appeared, went or changed. */
export interface Difference {
  /** For people and for declarations: `+ virtual_machine Error`, `~ virtual_machine state: Running → Stopped`. */
  readonly line: string;
  /** All of it, for comparing two runs. */
  readonly detail: string;
}

const LEFT_OUT_TABLES =
  /^(operation.*|event|lease|session|setting|schema_migration|idempotency_key|console_token|drs_.*|host_usage|alert.*|.*_finding|claim)$/;
/** Clocks; numbers that happened to be free; what operations note on rows while they run (the doctor looks at that); what was wished for. */
const LEFT_OUT_COLUMNS = /_at$|^vni$|^operation_id$|^desired_power$|^boot_id$|_sealed$|certificate_serial$/;
const OWNER_COLUMNS = ['vm_id', 'host_id', 'network_id', 'pool_id', 'template_id', 'owner_id', 'resource_id'];
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  /** What tells a row that has no id. */
  readonly keys: readonly string[];
}

let tables: Promise<readonly Table[]> | undefined;

async function readTables(db: Tx): Promise<readonly Table[]> {
  const rows = await db.query<{ name: string; columns: string }>(
    'SELECT table_name AS name, GROUP_CONCAT(column_name) AS `columns` FROM information_schema.columns WHERE table_schema = DATABASE() GROUP BY table_name',
  );
  return rows
    .filter(({ name }) => !LEFT_OUT_TABLES.test(name))
    .map(({ name, columns: list }) => {
      const columns = list.split(',').sort();
      return {
        name,
        columns,
        keys: columns.filter((column) => /_id$|^purpose$|^key$/.test(column) && !LEFT_OUT_COLUMNS.test(column)),
      };
    })
    .filter(({ columns }) => columns.includes('zone_id') || OWNER_COLUMNS.some((column) => columns.includes(column)));
}

/** Reads many tables in one query: the test looks at the world thousands of times. */
async function readAll(
  db: Tx,
  parts: readonly { readonly table: Table; readonly where: string; readonly values: readonly unknown[] }[],
): Promise<{ readonly table: Table; readonly row: Row }[]> {
  const one = ({ table: { name, columns }, where }: (typeof parts)[number], index: number): string => {
    const kept = columns.filter((column) => !LEFT_OUT_COLUMNS.test(column));
    const cells = kept.map((column) => `'${column}', \`${column}\``).join(', ');
    return `SELECT ${index} AS part, JSON_OBJECT(${cells}) AS json FROM \`${name}\` WHERE ${where}`;
  };
  const rows = await db.query<{ part: number; json: string | Row }>(
    parts.map(one).join(' UNION ALL '),
    parts.flatMap(({ values }) => values),
  );
  return rows.map(({ part, json }) => ({
    table: parts[Number(part)]!.table,
    row: typeof json === 'string' ? (JSON.parse(json) as Row) : json,
  }));
}

/** Looks at one zone. `worldDirectory`: where the simulator writes what is on its hosts. */
export async function takeSnapshot(db: Tx, zoneId: string, worldDirectory: string): Promise<Snapshot> {
  const things = new Map<string, Row>();
  const kinds = new Map<string, string>();
  const add = (found: Awaited<ReturnType<typeof readAll>>): void => {
    for (const { table, row } of found) {
      const id = row['id'];
      if (typeof id === 'string') kinds.set(id, table.name);
      things.set(`${table.name} ${id ?? table.keys.map((column) => row[column]).join(' ')}`, row);
    }
  };
  const all = await (tables ??= readTables(db));
  const ofZone = all.filter(({ columns }) => columns.includes('zone_id'));
  add(
    await readAll(
      db,
      ofZone.map((table) => ({ table, where: 'zone_id = ?', values: [zoneId] })),
    ),
  );
  const ids = [...kinds.keys()];
  const belonging = all.filter((table) => !ofZone.includes(table));
  add(
    await readAll(
      db,
      belonging.map((table) => {
        const owners = OWNER_COLUMNS.filter((column) => table.columns.includes(column));
        const where = owners.map((column) => `\`${column}\` IN (?)`).join(' OR ');
        return { table, where, values: owners.map(() => ids) };
      }),
    ),
  );
  addInventories(things, kinds, worldDirectory);
  return { things, kinds };
}

interface Shared {
  readonly images: Record<string, Record<string, unknown>>;
}

function read<T>(directory: string, name: string): T | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, `${name}.json`), 'utf8')) as T;
  } catch (error) {
    // A host that was never asked for anything has nothing.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Machines whose power is not what is noted of them. */
export function powerDrifts({ things }: Snapshot): { vmId: string; hostId: string; power: string }[] {
  return [...things].flatMap(([key, row]) => {
    const [hostId, vmId] = [row['host_id'], row['id']];
    if (!key.startsWith('virtual_machine ') || typeof hostId !== 'string') return [];
    const power = String(things.get(`domain ${vmId} on ${hostId}`)?.['power'] ?? 'absent');
    return power === row['observed_power'] ? [] : [{ vmId: String(vmId), hostId, power }];
  });
}

/** Ids of what of this table is in one of these states. */
export function inState({ things }: Snapshot, table: string, states: readonly string[]): string[] {
  return [...things].flatMap(([key, row]) =>
    key.startsWith(`${table} `) && states.includes(String(row['state'])) ? [String(row['id'])] : [],
  );
}

function addInventories(things: Map<string, Row>, kinds: ReadonlyMap<string, string>, directory: string): void {
  const shared = read<Shared>(directory, 'shared') ?? { images: {} };
  for (const [id, kind] of kinds) {
    if (kind === 'host') addHost(things, id, read<SimulatedHost>(directory, id));
    if (kind === 'storage_pool') addPool(things, id, read<SimulatedPool>(directory, `pool-${id}`));
    if (kind === 'image_store')
      for (const templateId of Object.keys(shared.images[id] ?? {})) things.set(`image ${templateId} in ${id}`, {});
  }
}

function addHost(things: Map<string, Row>, hostId: string, host: SimulatedHost | undefined): void {
  if (host === undefined) return;
  for (const [id, { power, spec }] of Object.entries(host.vms))
    things.set(`domain ${id} on ${hostId}`, {
      power,
      size: `${spec.vcpus} x ${spec.memoryMib}`,
      disk: spec.rootVolume.id,
      dataDisks: spec.dataVolumes.map(({ volume, deviceId }) => `${deviceId}: ${volume.id}`).join(),
      disc: spec.disc?.isoId ?? null,
      nics: spec.nics.map(({ ip, secondaryIps = [] }) => [ip, ...secondaryIps].sort().join('+')).join(),
    });
  for (const id of Object.keys(host.networks)) things.set(`bridge ${id} on ${hostId}`, {});
  for (const id of Object.keys(host.pools)) things.set(`folders ${id} on ${hostId}`, {});
  for (const [id, content] of Object.entries(host.content)) addPool(things, id, content);
}

function addPool(things: Map<string, Row>, poolId: string, content: SimulatedPool | undefined): void {
  for (const [id, { sizeBytes }] of Object.entries(content?.volumes ?? {}))
    things.set(`disk ${id} in ${poolId}`, { size: sizeBytes });
  for (const id of Object.keys(content?.templates ?? {})) things.set(`base ${id} in ${poolId}`, {});
}

/** Names, numbers and addresses that are given anew in every run. */
const GIVEN =
  /^(name|display_name|display_text|instance_name|mac|ip|tap|ip_address|agent_url|natural_key|path|bridge|cidr|gateway|start_ip|end_ip|nics)$/;
/** Sums over everything of a host or pool: what counts is by how much they changed. */
const SUMS = /_reserved$|^reserved_bytes$|^used_bytes$|^incarnation$|^fence_epoch$/;

/** What differs, told without ids, in an order that does not depend on them. */
export function differences(before: Snapshot, after: Snapshot): Difference[] {
  const plain = (value: Cell | undefined): string =>
    String(value ?? 'none').replace(UUID, (id) => after.kinds.get(id) ?? before.kinds.get(id) ?? 'id');
  const valueOf = (column: string, value: Cell | undefined): string =>
    GIVEN.test(column) && value !== null && value !== undefined ? 'given' : plain(value);
  const whole = (row: Row): string =>
    Object.entries(row)
      .map(([column, value]) => `${column}=${valueOf(column, value)}`)
      .join(' ');
  const nameOf = (key: string): string => plain(key.replace(/^([a-z_]+) [0-9a-f-]{36}$/, '$1'));
  const found: Difference[] = [];
  for (const [key, row] of after.things) {
    const name = nameOf(key);
    const old = before.things.get(key);
    if (old === undefined) {
      const state = row['state'] ?? row['power'];
      found.push({ line: `+ ${name}${state === undefined ? '' : ` ${state}`}`, detail: `+ ${name} ${whole(row)}` });
      continue;
    }
    for (const column of Object.keys(row)) {
      const [from, to] = [old[column] ?? null, row[column] ?? null];
      if (from === to) continue;
      const [was, is] = [valueOf(column, from), valueOf(column, to)];
      if (was === is) continue;
      const change = SUMS.test(column) ? `by ${Number(to) - Number(from)}` : `${was} → ${is}`;
      const line = `~ ${name} ${column}: ${change}`;
      found.push({ line, detail: line });
    }
  }
  for (const [key, row] of before.things) {
    const name = nameOf(key);
    if (!after.things.has(key)) found.push({ line: `- ${name}`, detail: `- ${name} ${whole(row)}` });
  }
  return found.sort((a, b) => (a.detail < b.detail ? -1 : 1));
}
