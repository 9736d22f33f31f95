/**
 * A cluster that is planned, written down a second time: nothing here is the planner's own code but the placement's word
 * on which hosts could take a machine at all. Slow and plain, so that it can judge the planner.
 */
import type { AffinityNeed } from '@durastack/contracts/compute/placement';
import type { DrsPlan, DrsScene } from '@durastack/model/drs/drs-scene';
import { judgeHosts } from '@durastack/model/placement/judge-hosts';

/** What a search came to. */
export interface Outcome {
  readonly imbalance: number;
  readonly moves: number;
}

interface PlainHost {
  readonly id: string;
  readonly whole: readonly [cpuMhz: number, memoryMib: number];
  readonly free: [number, number];
  readonly used: [number, number];
}

interface PlainMachine {
  readonly id: string;
  readonly needs: readonly [number, number];
  readonly use: readonly [number, number];
  readonly groups: readonly AffinityNeed[];
  /** By host: 0 not, 1 yes, above 1 preferred; empty: it stays. */
  readonly suits: readonly number[];
  readonly home: number;
}

const FULL = 0.9;
const ROUNDING = 1e-9;

/** See the module's head. */
export class PlainCluster {
  readonly hosts: readonly PlainHost[];
  readonly machines: readonly PlainMachine[];
  /** Machines that may go anywhere at all. */
  readonly free: readonly number[];
  /** Where each machine is. */
  readonly at: number[];
  private readonly members = new Map<string, readonly number[]>();
  private readonly measure: 0 | 1;

  constructor(readonly scene: DrsScene) {
    const { snapshot, rules } = scene;
    this.measure = rules.metric === 'cpu' ? 0 : 1;
    const open = snapshot.hosts.filter((host) => host.state === 'Up' && host.allocationState === 'Enabled');
    const here = scene.machines.filter(({ needs }) => open.some(({ id }) => id === needs.hostId));
    this.hosts = open.map((host) => {
      const { capacity, ownUse } = scene.hosts.find(({ id }) => id === host.id)!;
      return {
        id: host.id,
        whole: [capacity.cpuMhz, capacity.memoryMib],
        free: [host.cpuMhzFree, host.memoryMibFree],
        used: [ownUse.cpuMhz, ownUse.memoryMib],
      };
    });
    const alone = new Set(snapshot.pools.filter(({ hostId }) => hostId !== null).map(({ id }) => id));
    this.machines = here.map(({ needs, use, pinned }) => {
      const stays = pinned !== undefined || needs.disks.some(({ poolId }) => poolId === null || alone.has(poolId));
      const asked = { ...needs, cpuMhz: 0, memoryMib: 0, affinity: [], hostId: null };
      const suits = stays
        ? []
        : judgeHosts({ ...snapshot, hosts: open }, asked, 'migrate').map(({ reasons, storageMotion, preference }) =>
            reasons.some(({ kind }) => kind !== 'cpu' && kind !== 'memory') || storageMotion ? 0 : 1 + preference,
          );
      const home = open.findIndex(({ id }) => id === needs.hostId);
      return {
        ...{ id: needs.vmId, needs: [needs.cpuMhz, needs.memoryMib], use: [use.cpuMhz, use.memoryMib] },
        ...{ groups: needs.affinity, suits, home },
      };
    });
    this.at = this.machines.map(({ home }) => home);
    this.machines.forEach(({ use, home, groups }, vm) => {
      for (const kind of [0, 1] as const) this.hosts[home]!.used[kind] += use[kind];
      for (const { groupId } of groups) this.members.set(groupId, [...(this.members.get(groupId) ?? []), vm]);
    });
    this.free = this.machines.flatMap(({ suits }, vm) => (suits.length > 0 ? vm : []));
  }

  /** Deviation through mean of the shares in use. */
  get imbalance(): number {
    const levels = this.hosts.map(({ used, whole }) => used[this.measure] / whole[this.measure]);
    const mean = levels.reduce((sum, level) => sum + level, 0) / levels.length;
    return Math.sqrt(levels.reduce((sum, level) => sum + (level - mean) ** 2, 0) / levels.length) / mean;
  }

  /** How far from what is wanted; 0: it is. */
  get far(): number {
    const { algorithm, threshold } = this.scene.rules;
    const missing = algorithm === 'balanced' ? this.imbalance - threshold : threshold - this.imbalance;
    return missing <= ROUNDING ? 0 : missing;
  }

  /** How many machines are not where they were. */
  get moved(): number {
    return this.machines.filter(({ home }, vm) => home !== this.at[vm]).length;
  }

  /** Whether every rule allows the move now. */
  may(vm: number, to: number): boolean {
    const { suits, needs, use, groups } = this.machines[vm]!;
    const from = this.at[vm]!;
    const [source, target] = [this.hosts[from]!, this.hosts[to]!];
    if (from === to || suits.length === 0 || suits[to] === 0 || suits[to]! < suits[from]!) return false;
    for (const kind of [0, 1] as const) {
      if (target.free[kind] < needs[kind]) return false;
      const after = (target.used[kind] + use[kind]) / target.whole[kind];
      if (after > FULL + ROUNDING && after > source.used[kind] / source.whole[kind] + ROUNDING) return false;
    }
    return groups.every((group) => this.groupAllows(group, vm, [from, to]));
  }

  /** Moves, allowed or not. */
  move(vm: number, to: number): void {
    const { needs, use } = this.machines[vm]!;
    for (const [host, sign] of [
      [this.at[vm]!, -1],
      [to, 1],
    ] as const)
      for (const kind of [0, 1] as const) {
        this.hosts[host]!.used[kind] += sign * use[kind];
        this.hosts[host]!.free[kind] -= sign * needs[kind];
      }
    this.at[vm] = to;
  }

  private groupAllows(
    { groupId, kind, strict, hostIds }: AffinityNeed,
    vm: number,
    [from, to]: readonly [number, number],
  ): boolean {
    const others = this.members.get(groupId)!.filter((one) => one !== vm);
    const on = (host: number) => others.filter((one) => this.at[one] === host).length;
    if (kind === 'anti-affinity') return strict ? on(to) === 0 : on(to) <= on(from);
    if (strict && hostIds.length > 0 && on(to) === 0) return false;
    return on(to) >= on(from);
  }
}

/**
 * What a plan comes to when it is carried out here, move by move.
 *
 * @returns also the moves that a rule forbids
 */
export function carryOut(scene: DrsScene, { moves }: DrsPlan): Outcome & { readonly forbidden: readonly string[] } {
  const cluster = new PlainCluster(scene);
  const forbidden: string[] = [];
  for (const { vmId, toHostId } of moves) {
    const vm = cluster.machines.findIndex(({ id }) => id === vmId);
    const to = cluster.hosts.findIndex(({ id }) => id === toHostId);
    if (!cluster.may(vm, to)) forbidden.push(vmId);
    cluster.move(vm, to);
  }
  return { imbalance: cluster.imbalance, moves: moves.length, forbidden };
}
