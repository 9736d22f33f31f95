/**
 * Whether each host could take a machine, and if not, every reason why. Pure, over a snapshot: what was true a moment
 * ago. The reservation transaction decides.
 */
import type {
  AffinityNeed,
  HostReason,
  HostReasonKind,
  HostSnapshot,
  MachineNeeds,
  PlacementSnapshot,
} from '@durastack/contracts/compute/placement';
import { DisksJudge, type DiskChoice } from './judge-disks.js';
import { DedicationsJudge } from './judge-dedications.js';

/** What the machine is to do: start somewhere, or go elsewhere while it runs. */
export type Purpose = 'start' | 'migrate';

/** What was found about one host. */
export interface HostJudgement {
  readonly host: HostSnapshot;
  /** All that hold, in the order of `HOST_REASONS`; none: it is suitable. */
  readonly reasons: readonly HostReason[];
  /** Disks that need a pool there: new ones, and of a migration those whose pool the host does not reach. */
  readonly disks: readonly DiskChoice[];
  /** Whether a disk that has a pool would have to move with the machine. */
  readonly storageMotion: boolean;
  /** What speaks for the host beyond its room: the higher the better; 0 is ordinary. */
  readonly preference: number;
}

/** Weights of what speaks for a host; each outweighs all that follow, so that room decides among equals. */
const WEIGHT = { softAffinity: 4, ownDedication: 2, lastHost: 1 } as const;

/** Words of `allocationState` that mean maintenance. */
const MAINTENANCE: ReadonlySet<string> = new Set([
  'PrepareForMaintenance',
  'ErrorInPrepareForMaintenance',
  'Maintenance',
  'ErrorInMaintenance',
]);

/** Judges every host of a snapshot for one machine, in the snapshot's order. */
export function judgeHosts(
  snapshot: PlacementSnapshot,
  needs: MachineNeeds,
  purpose: Purpose,
): readonly HostJudgement[] {
  const disks = new DisksJudge(snapshot.pools, needs.disks, purpose);
  const dedications = new DedicationsJudge(snapshot.dedications, needs.owner);
  const leaving = new Set(
    snapshot.hosts.flatMap(({ id, allocationState }) => (MAINTENANCE.has(allocationState) ? id : [])),
  );
  const groups = needs.affinity.map((group): Group => ({ group, members: countByHost(binding(group, leaving)) }));
  return snapshot.hosts.map((host) => {
    const reasons: HostReason[] = [];
    judgePlace(reasons, host, needs, purpose);
    const dedicated = dedications.judge(host);
    if (dedicated.reason) reasons.push(dedicated.reason);
    judgeTags(reasons, host, needs);
    for (const group of groups) judgeAffinity(reasons, host, group);
    judgeNetwork(reasons, host, needs);
    const chosen = disks.judge(host);
    if (chosen.reason) reasons.push(chosen.reason);
    judgeCapacity(reasons, host, needs);
    return {
      host,
      reasons,
      disks: chosen.disks,
      storageMotion: chosen.storageMotion,
      preference:
        groups.reduce((sum, group) => sum + softAffinity(host, group), 0) * WEIGHT.softAffinity +
        (dedicated.own ? WEIGHT.ownDedication : 0) +
        (host.id === needs.lastHostId ? WEIGHT.lastHost : 0),
    };
  });
}

const reason = (kind: HostReasonKind, text: string, facts: Omit<HostReason, 'kind' | 'text'> = {}): HostReason => ({
  kind,
  text,
  ...facts,
});

/** Whether the host is one at all: asked for, up, open, of the right kind. */
function judgePlace(reasons: HostReason[], host: HostSnapshot, needs: MachineNeeds, purpose: Purpose): void {
  if (purpose === 'start' && needs.requestedHostId !== null && needs.requestedHostId !== host.id)
    reasons.push(reason('not-requested', 'is not the host that was asked for'));
  if (purpose === 'migrate' && needs.hostId === host.id) reasons.push(reason('runs-here', 'runs the machine already'));
  if (host.state !== 'Up') reasons.push(reason('state', `is ${host.state}`, { missing: host.state }));
  else if (host.isShutOut === true) {
    const text = 'is shut out of its storage since it was fenced, until it is started anew';
    reasons.push(reason('state', text, { missing: 'Fenced' }));
  }
  if (MAINTENANCE.has(host.allocationState)) reasons.push(reason('maintenance', 'is in maintenance'));
  else if (host.allocationState !== 'Enabled') reasons.push(reason('disabled', 'is disabled for new machines'));
  if (host.hypervisor !== needs.hypervisor)
    reasons.push(
      reason('hypervisor', `runs ${host.hypervisor}, the machine needs ${needs.hypervisor}`, {
        missing: needs.hypervisor,
      }),
    );
}

function judgeTags(reasons: HostReason[], host: HostSnapshot, { hostTags }: MachineNeeds): void {
  if (hostTags.length === 0) return;
  const missing = hostTags.filter((tag) => !host.tags.includes(tag)).join(', ');
  if (missing !== '') reasons.push(reason('tags', `lacks the tag ${missing}`, { missing }));
}

/** Tunnels run over IPv4 here. */
const IPV4 = /^\d+(\.\d+){3}$/;

function judgeNetwork(reasons: HostReason[], { tunnelAddress }: HostSnapshot, { tunnelNetwork }: MachineNeeds): void {
  if (tunnelNetwork === null || (tunnelAddress !== null && IPV4.test(tunnelAddress))) return;
  const text = `has no IPv4 address for the tunnels of the network ${tunnelNetwork} (updateHost tunneladdress)`;
  reasons.push(reason('network', text, { missing: tunnelNetwork }));
}

function judgeCapacity(reasons: HostReason[], host: HostSnapshot, { memoryMib, cpuMhz }: MachineNeeds): void {
  if (host.memoryMibFree < memoryMib)
    reasons.push(
      reason('memory', `has ${host.memoryMibFree} MiB of memory free, ${memoryMib} needed`, {
        need: memoryMib,
        free: host.memoryMibFree,
      }),
    );
  if (host.cpuMhzFree < cpuMhz)
    reasons.push(
      reason('cpu', `has ${host.cpuMhzFree} MHz free, ${cpuMhz} needed`, { need: cpuMhz, free: host.cpuMhzFree }),
    );
}

interface Group {
  readonly group: AffinityNeed;
  /** Other members by host. */
  readonly members: ReadonlyMap<string, number>;
}

/** Where other members are that bind this one: a group whose host is being emptied follows the first that has left. */
function binding({ kind, hostIds }: AffinityNeed, leaving: ReadonlySet<string>): readonly string[] {
  return kind === 'affinity' ? hostIds.filter((id) => !leaving.has(id)) : hostIds;
}

function countByHost(hostIds: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const id of hostIds) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

/** What a strict group refuses. The first member of an affinity group may go anywhere, and binds the others. */
function judgeAffinity(reasons: HostReason[], host: HostSnapshot, { group, members }: Group): void {
  if (!group.strict) return;
  const here = members.has(host.id);
  const facts = { missing: group.name };
  if (group.kind === 'anti-affinity' && here)
    reasons.push(reason('anti-affinity', `has another member of the group ${group.name}`, facts));
  if (group.kind === 'affinity' && !here && members.size > 0)
    reasons.push(reason('affinity', `is not where the group ${group.name} is`, facts));
}

/** How much a group that only prefers speaks for a host; with more members than hosts they still spread evenly. */
function softAffinity(host: HostSnapshot, { group, members }: Group): number {
  const here = members.get(host.id) ?? 0;
  if (group.strict || here === 0) return 0;
  return group.kind === 'affinity' ? 1 : -here;
}
