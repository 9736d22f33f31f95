/** What a placement that found no host says: in one sentence for the requester, and host by host for operators. */
import {
  HOST_REASONS,
  type HostReason,
  type HostReasonKind,
  type PlacementExplanation,
} from '@durastack/contracts/compute/placement';
import type { HostJudgement } from './judge-hosts.js';

/** How many hosts an explanation names, and how many reasons of each: an operation keeps it. */
const MOST_HOSTS = 50;
const MOST_REASONS = 8;

type Refused = Pick<HostJudgement, 'host' | 'reasons'>;
type FallenOut = readonly (readonly [HostReasonKind, readonly HostReason[]])[];

const ORDER = new Map(Object.keys(HOST_REASONS).map((kind, index) => [kind as HostReasonKind, index]));

/** Hosts by the first reason that holds: what is to be mended first, for a host in maintenance may also be full. */
function byFirstReason(refused: readonly Refused[]): FallenOut {
  const found = new Map<HostReasonKind, HostReason[]>();
  for (const { reasons } of refused) {
    const first = reasons[0];
    if (!first) continue;
    const same = found.get(first.kind);
    if (same) same.push(first);
    else found.set(first.kind, [first]);
  }
  return [...found].sort((a, b) => b[1].length - a[1].length || ORDER.get(a[0])! - ORDER.get(b[0])!);
}

const distinct = (reasons: readonly HostReason[]) =>
  [...new Set(reasons.flatMap(({ missing }) => missing ?? []))].slice(0, 5).join(', ');

const room = (reasons: readonly HostReason[], unit: string) =>
  `need ${reasons[0]?.need ?? 0} ${unit}, best has ${Math.max(...reasons.map(({ free }) => free ?? 0))}`;

/** `one` and `many` hosts; the rest of the phrase is shared. */
const verb = (count: number, one: string, many: string) => (count === 1 ? one : many);

const PHRASES: Readonly<Record<HostReasonKind, (reasons: readonly HostReason[]) => string>> = {
  'not-requested': () => 'not the host that was asked for',
  'runs-here': () => 'where it runs already',
  state: (reasons) => `not up (${distinct(reasons)})`,
  maintenance: () => 'in maintenance',
  disabled: () => 'disabled for new machines',
  hypervisor: (reasons) => `of another hypervisor (need ${distinct(reasons)})`,
  dedication: () => 'dedicated to others',
  tags: (reasons) => `${verb(reasons.length, 'lacks', 'lack')} host tags (${distinct(reasons)})`,
  affinity: (reasons) => `apart from the affinity group ${distinct(reasons)}`,
  'anti-affinity': (reasons) => `with a member of the anti-affinity group ${distinct(reasons)}`,
  network: (reasons) => `without an address for tunnels (network ${distinct(reasons)})`,
  storage: (reasons) => `${verb(reasons.length, 'does', 'do')} not reach the storage`,
  'storage-tags': (reasons) => `${verb(reasons.length, 'lacks', 'lack')} storage tags (${distinct(reasons)})`,
  'storage-room': (reasons) => `${verb(reasons.length, 'lacks', 'lack')} storage room (${room(reasons, 'bytes')})`,
  memory: (reasons) => `${verb(reasons.length, 'lacks', 'lack')} memory (${room(reasons, 'MiB')})`,
  cpu: (reasons) => `${verb(reasons.length, 'lacks', 'lack')} CPU (${room(reasons, 'MHz')})`,
  claimed: () => 'taken meanwhile',
};

/** `3 hosts: 2 lack memory (need 2048 MiB, best has 512), 1 in maintenance`. Names no host: tenants read it. */
export function summarise(refused: readonly Refused[]): string {
  if (refused.length === 0) return 'there is no host that is up';
  const groups = byFirstReason(refused).map(([kind, reasons]) => `${reasons.length} ${PHRASES[kind](reasons)}`);
  return `${refused.length} ${verb(refused.length, 'host', 'hosts')}: ${groups.join(', ')}`;
}

/** The full detail, bounded: hosts with the fewest reasons first, for these are nearest to being suitable. */
export function explain(refused: readonly Refused[]): PlacementExplanation {
  const nearest = [...refused].sort((a, b) => a.reasons.length - b.reasons.length).slice(0, MOST_HOSTS);
  return {
    hostCount: refused.length,
    counts: Object.fromEntries(byFirstReason(refused).map(([kind, reasons]) => [kind, reasons.length])),
    hosts: nearest.map(({ host, reasons }) => ({
      id: host.id,
      name: host.name,
      reasons: reasons.slice(0, MOST_REASONS).map((one) => ({ ...one, text: one.text.slice(0, 1_024) })),
    })),
  };
}
