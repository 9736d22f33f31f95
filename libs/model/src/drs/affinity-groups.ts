/** Where the members of affinity groups are while a cluster is planned. */
import type { AffinityNeed } from '@durastack/contracts/compute/placement';
import type { DrsMachine } from './drs-scene.js';

interface Group {
  readonly need: AffinityNeed;
  /** Members by host; hosts that take no part have negative positions. */
  readonly members: Map<number, number>;
  readonly hostId: Map<number, string>;
  total: number;
}

const NONE: readonly Group[] = [];

/** See the module's head. */
export class AffinityGroups {
  private readonly ofMachine = new Map<number, readonly Group[]>();

  constructor(machines: readonly DrsMachine[], indexOf: ReadonlyMap<string, number>) {
    const groups = new Map<string, Group>();
    const hostIds = new Map([...indexOf].map(([id, index]) => [index, id]));
    const elsewhere = new Map<string, number>();
    const position = (id: string): number => {
      const known = indexOf.get(id) ?? elsewhere.get(id);
      if (known !== undefined) return known;
      const next = -1 - elsewhere.size;
      elsewhere.set(id, next);
      hostIds.set(next, id);
      return next;
    };
    machines.forEach(({ needs }, vm) => {
      if (needs.affinity.length === 0) return;
      const own = needs.affinity.map((need) => {
        const group = groups.get(need.groupId) ?? { need, members: new Map(), hostId: hostIds, total: 0 };
        groups.set(need.groupId, group);
        merge(group, [...need.hostIds, needs.hostId ?? ''].map(position));
        return group;
      });
      this.ofMachine.set(vm, own);
    });
  }

  /**
   * Whether the groups of a machine let it go: a strict one as placement has it, one that only prefers unless it
   * would be served less well than before.
   */
  allow(vm: number, from: number, to: number): boolean {
    for (const { need, members, total } of this.ofMachine.get(vm) ?? NONE) {
      const there = members.get(to) ?? 0;
      const left = (members.get(from) ?? 1) - 1;
      if (need.kind === 'anti-affinity' ? (need.strict ? there > 0 : there > left) : refuses(need, there, left, total))
        return false;
    }
    return true;
  }

  /** Whether the strict groups of a machine let it go. */
  allowStrictly(vm: number, from: number, to: number): boolean {
    return (this.ofMachine.get(vm) ?? NONE).every(
      ({ need, members, total }) =>
        !need.strict ||
        (need.kind === 'anti-affinity'
          ? (members.get(to) ?? 0) === 0
          : !refuses(need, members.get(to) ?? 0, (members.get(from) ?? 1) - 1, total)),
    );
  }

  /** Counts a move. */
  move(vm: number, from: number, to: number): void {
    for (const group of this.ofMachine.get(vm) ?? NONE) {
      add(group, from, -1);
      add(group, to, 1);
    }
  }

  /** The groups of a machine with the others' present hosts, as placement is told of them. */
  needsOf(vm: number, at: number): AffinityNeed[] {
    return (this.ofMachine.get(vm) ?? NONE).map(({ need, members, hostId }) => ({
      ...need,
      hostIds: [...members].flatMap(([host, count]) =>
        Array.from({ length: host === at ? count - 1 : count }, () => hostId.get(host)!),
      ),
    }));
  }
}

/** Of a group that keeps together: strict ones stay with others, as far as there are any. */
function refuses({ strict }: AffinityNeed, there: number, left: number, total: number): boolean {
  return strict ? total > 1 && (there === 0 || there < left) : there < left;
}

/** One member's view: all others wherever they are or are going to, itself only where it is. The fullest views count. */
function merge(group: Group, view: readonly number[]): void {
  const seen = new Map<number, number>();
  for (const host of view) seen.set(host, (seen.get(host) ?? 0) + 1);
  for (const [host, count] of seen) {
    const known = group.members.get(host) ?? 0;
    if (count > known) add(group, host, count - known);
  }
}

function add(group: Group, host: number, count: number): void {
  group.members.set(host, (group.members.get(host) ?? 0) + count);
  group.total += count;
}
