/** Seeded clusters for specs and yardsticks of the distributed resource scheduler. */
import { OVERCOMMIT } from '@durastack/contracts/compute/overcommit';
import type { AffinityNeed, HostSnapshot } from '@durastack/contracts/compute/placement';
import type { DrsHost, DrsMachine, DrsRules, DrsScene } from '../drs/drs-scene.js';
import { seededNumbers } from '../drs/seeded-numbers.js';
import { aDisk, aHost, aPool, needsOf } from './placement-scene.js';

/** What a cluster is like. */
export interface ClusterShape {
  readonly hosts: number;
  readonly machines: number;
  readonly seed: number;
  /** Whether hosts differ in size. Default: no. */
  readonly mixedHosts?: boolean;
  /** Whether there are affinity groups, tags, local disks, hosts in maintenance, dedications. Default: no. */
  readonly bound?: boolean;
}

/** As even as it gets. */
const EVEN: DrsRules = {
  ...{ algorithm: 'balanced', metric: 'memory', metricType: 'used', useRatio: true },
  ...{ threshold: 0, skipThreshold: 0.95, maxMoves: 50 },
};
const SIZES = [
  { cpuMhz: 1_000, memoryMib: 1_024 },
  { cpuMhz: 2_000, memoryMib: 2_048 },
  { cpuMhz: 4_000, memoryMib: 4_096 },
  { cpuMhz: 4_000, memoryMib: 8_192 },
  { cpuMhz: 8_000, memoryMib: 16_384 },
] as const;
const GROUP_KINDS = [
  { kind: 'anti-affinity', strict: true },
  { kind: 'anti-affinity', strict: false },
  { kind: 'affinity', strict: true },
  { kind: 'affinity', strict: false },
] as const;

interface Room {
  readonly capacity: { readonly cpuMhz: number; readonly memoryMib: number };
  cpuMhzFree: number;
  memoryMibFree: number;
}

/** Makes one: machines that were placed by chance, more on the first hosts, and use a part of what they reserved. */
export function drsCluster(shape: ClusterShape, rules: Partial<DrsRules> = {}): DrsScene {
  const random = seededNumbers(shape.seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const rooms = makeRooms(shape, random);
  const placed: { size: (typeof SIZES)[number]; host: number }[] = [];
  for (let tries = 0; placed.length < shape.machines && tries < shape.machines * 20; tries += 1) {
    const size = SIZES[Math.min(SIZES.length - 1, Math.floor(random() ** 2 * SIZES.length))]!;
    const host = Math.floor(random() ** 1.7 * shape.hosts);
    const room = rooms[host]!;
    if (room.cpuMhzFree < size.cpuMhz || room.memoryMibFree < size.memoryMib) continue;
    room.cpuMhzFree -= size.cpuMhz;
    room.memoryMibFree -= size.memoryMib;
    placed.push({ size, host });
  }
  const groups = shape.bound === true ? makeGroups(placed, below) : new Map<number, AffinityNeed[]>();
  const hosts = rooms.map((room, index) => hostOf(room, index, shape.bound === true));
  const machines = placed.map(({ size, host }, index): DrsMachine => {
    const busy = random() ** 2;
    const bound = shape.bound === true;
    return {
      needs: needsOf({
        ...{ vmId: `vm-${index}`, name: `vm-${index}`, ...size, hostId: `host-${host}` },
        hostTags: bound && index % 11 === 0 && host % 2 === 0 ? ['fast'] : [],
        disks: [aDisk({ poolId: bound && index % 13 === 0 ? `local-${host}` : `pool-${index % 2}` })],
        affinity: groups.get(index) ?? [],
      }),
      use: { cpuMhz: size.cpuMhz * busy, memoryMib: size.memoryMib * (0.3 + 0.7 * random()) },
      ...(bound && index % 17 === 0 ? { pinned: 'busy' } : {}),
    };
  });
  return {
    snapshot: {
      hosts,
      pools: [
        ...[0, 1].map((index) => aPool(`pool-${index}`)),
        ...(shape.bound === true ? hosts.map(({ id }, index) => aPool(`local-${index}`, { hostId: id })) : []),
      ],
      dedications: [],
    },
    hosts: rooms.map(({ capacity }, index): DrsHost => ({
      id: `host-${index}`,
      capacity,
      ownUse: { cpuMhz: 200, memoryMib: OVERCOMMIT.host.hostMemoryMib },
    })),
    machines,
    rules: { ...EVEN, ...rules },
  };
}

function makeRooms({ hosts, machines, mixedHosts = false }: ClusterShape, random: () => number): Room[] {
  // Half full on the average, so that there is both pressure and room.
  const averageMib = SIZES.reduce((sum, { memoryMib }) => sum + memoryMib, 0) / SIZES.length;
  const memoryMib = Math.ceil(((machines / hosts) * averageMib) / 0.7 / 1_024) * 1_024 + 8_192;
  return Array.from({ length: hosts }, () => {
    const scale = mixedHosts && random() < 0.4 ? 2 : 1;
    const capacity = { cpuMhz: (memoryMib * scale) / 2, memoryMib: memoryMib * scale };
    return {
      capacity,
      cpuMhzFree: capacity.cpuMhz * OVERCOMMIT.host.cpuOvercommit,
      memoryMibFree: capacity.memoryMib - OVERCOMMIT.host.hostMemoryMib,
    };
  });
}

function hostOf({ capacity, cpuMhzFree, memoryMibFree }: Room, index: number, bound: boolean): HostSnapshot {
  return aHost(`host-${index}`, {
    ...{ cpuMhzFree, memoryMibFree, memoryMib: capacity.memoryMib },
    tags: index % 2 === 0 ? ['fast'] : [],
    ...(bound && index % 7 === 6 ? { allocationState: 'Maintenance' } : {}),
    ...(bound && index % 7 === 5 ? { state: 'Disconnected' } : {}),
  });
}

/** Small groups of machines next to each other in age; where they are now may break their rule already. */
function makeGroups(placed: readonly { readonly host: number }[], below: (limit: number) => number) {
  const groups = new Map<number, AffinityNeed[]>();
  for (let first = 0; first + 4 < placed.length; first += 9) {
    const kind = GROUP_KINDS[below(GROUP_KINDS.length)]!;
    const members = Array.from({ length: 3 }, (_, index) => first + index);
    for (const member of members) {
      const hostIds = members.filter((other) => other !== member).map((other) => `host-${placed[other]!.host}`);
      groups.set(member, [{ groupId: `group-${first}`, name: `group-${first}`, ...kind, hostIds }]);
    }
  }
  return groups;
}
