/** Machines in the database and domains on hosts. Hosts that did not answer are not judged. */
import type { HostInventory } from '@durastack/contracts/agent/specs';
import type { Check } from './examination.js';
import { finding, type Finding } from './finding.js';
import type { FindingKindName } from './finding-kinds.js';
import type { HostRow, Visits } from './host-visits.js';

interface VmRow {
  readonly id: string;
  readonly name: string;
  readonly instanceName: string;
  readonly state: string;
  readonly hostId: string | null;
  readonly observedAt: Date | null;
}

/** States in which nothing of a machine may run; the passing ones are judged by their operations. */
const AT_REST = new Set(['Destroyed', 'Error', 'Expunged']);

/** Every question of this area. */
export const checkMachines: Check = async ({ db, visits }) => {
  const rows = await db.query<VmRow>(
    'SELECT id, name, instance_name AS instanceName, state, host_id AS hostId, observed_at AS observedAt FROM virtual_machine',
  );
  const known = new Map(rows.map((row) => [row.id, row]));
  const found: Finding[] = [];
  for (const seen of visits.hosts.values())
    if ('inventory' in seen) found.push(...strangers(seen.host, seen.inventory, { known, visits }));
  for (const row of rows) found.push(...judge(row, visits));
  return found;
};

const alive = (power: string | undefined): boolean => power === 'running' || power === 'paused';

function powerOn(visits: Visits, hostId: string, vmId: string): string | undefined {
  const seen = visits.hosts.get(hostId);
  if (!seen || !('inventory' in seen)) return undefined;
  return seen.inventory.vms.find(({ id }) => id === vmId)?.power ?? 'absent';
}

/** What is on a host and does not belong there. */
function strangers(
  host: HostRow,
  inventory: HostInventory,
  { known, visits }: { known: ReadonlyMap<string, VmRow>; visits: Visits },
): Finding[] {
  const found: Finding[] = [];
  const where = `host ${host.name}`;
  const about = { where, place: host.id, details: { hostId: host.id } };
  for (const { id, domainName, power } of inventory.vms) {
    const row = known.get(id);
    if (row?.hostId === host.id) continue;
    const resource = { type: 'virtual-machine', id };
    if (!row) {
      const kind = alive(power) ? 'machine-unknown-running' : 'machine-unknown-off';
      const what = `The domain ${domainName} (machine ${id}, ${power}) is on host ${host.name}, and the database does not know it`;
      found.push(finding(kind, { resource, what, ...about }));
    } else if (alive(power)) {
      const twice = row.hostId !== null && alive(powerOn(visits, row.hostId, id));
      const recorded = row.hostId === null ? 'no host' : `host ${nameOf(visits, row.hostId)}`;
      const what = `The machine ${row.name} (${row.state}) is recorded on ${recorded}, and is ${power} on host ${host.name}${twice ? ' too' : ''}`;
      const details = { ...about.details, ...(row.hostId === null ? {} : { recordedHostId: row.hostId }) };
      const kind = twice ? 'machine-on-two-hosts' : 'machine-elsewhere';
      found.push(finding(kind, { resource, what, ...about, details }));
    } else {
      const what = `A stopped domain of the machine ${row.name} (${row.state}) is left on host ${host.name}`;
      found.push(finding('machine-leftover', { resource, what, ...about }));
    }
  }
  return [...found, ...leftFiles(host, inventory, known)];
}

const nameOf = (visits: Visits, hostId: string): string => visits.hosts.get(hostId)?.host.name ?? hostId;

function leftFiles(host: HostRow, { vms, vmFiles = [] }: HostInventory, known: ReadonlyMap<string, VmRow>): Finding[] {
  const defined = new Set(vms.map(({ id }) => id));
  return vmFiles.flatMap((id) => {
    const row = known.get(id);
    if (defined.has(id) || row?.hostId === host.id) return [];
    const kind: FindingKindName = row ? 'machine-files-left' : 'machine-files-unknown';
    const owner = row
      ? `the machine ${row.name} (${row.state})`
      : `the machine ${id}, which the database does not know,`;
    return [
      finding(kind, {
        resource: { type: 'virtual-machine', id },
        where: `host ${host.name}`,
        what: `Files of ${owner} are left on host ${host.name}: vms/${id} in the agent's directory`,
        place: host.id,
        details: { hostId: host.id },
      }),
    ];
  });
}

/** What a row says, against what its host says. */
function judge(row: VmRow, visits: Visits): Finding[] {
  const resource = { type: 'virtual-machine', id: row.id };
  if (row.hostId === null || !visits.hosts.has(row.hostId)) {
    if (row.state !== 'Running') return [];
    const place = row.hostId === null ? 'on no host' : `on host ${row.hostId}, which is not in use`;
    const what = `The machine ${row.name} is Running ${place}`;
    return [finding('machine-without-host', { resource, where: 'database', what })];
  }
  const power = powerOn(visits, row.hostId, row.id);
  if (power === undefined) return [];
  const kind = kindOf(row.state, power);
  if (kind === undefined) return [];
  const name = nameOf(visits, row.hostId);
  return [
    finding(kind, {
      resource,
      where: `host ${name}`,
      what: `The machine ${row.name} (${row.instanceName}) is ${row.state}, but ${power} on host ${name}`,
      since: row.observedAt,
      details: { hostId: row.hostId },
    }),
  ];
}

function kindOf(state: string, power: string): FindingKindName | undefined {
  if (state === 'Running') {
    if (power === 'paused') return 'machine-paused';
    return power === 'running' ? undefined : 'machine-not-running';
  }
  if (!alive(power)) return undefined;
  if (state === 'Stopped') return 'machine-runs-stopped';
  return AT_REST.has(state) ? 'machine-should-not-run' : undefined;
}
