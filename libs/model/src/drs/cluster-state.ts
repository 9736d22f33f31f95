/**
 * A cluster while it is planned: where machines are, what is free, how unevenly hosts are used. A move is tried and
 * taken back in constant time, whatever the size of the cluster.
 */
import type { HostSnapshot } from '@durastack/contracts/compute/placement';
import { AffinityGroups } from './affinity-groups.js';
import type { DrsMachine, DrsScene } from './drs-scene.js';
import { EligibleHosts, type Eligible } from './eligible-hosts.js';
import { Levels } from './levels.js';

/** No move brings a host's measured use above this share, unless it was higher where the machine came from. */
const USE_CEILING = 0.9;
/** Sums of many small steps do not meet to the last bit. */
const EPSILON = 1e-9;

/** Whether a host gives and takes machines: it answers and is open. */
const isOpen = ({ state, allocationState }: HostSnapshot) => state === 'Up' && allocationState === 'Enabled';

/** See the module's head. Hosts and machines are known by their positions. */
export class ClusterState {
  /** Hosts that take part. */
  readonly hosts: readonly HostSnapshot[];
  /** Machines on them. */
  readonly machines: readonly DrsMachine[];
  /** Machines that may move. */
  readonly movable: readonly number[];
  /** Where each machine is, and where it was at first. */
  readonly at: Int32Array;
  readonly home: Int32Array;
  readonly groups: AffinityGroups;
  readonly cpuFree: Float64Array;
  readonly memoryFree: Float64Array;
  /** Shares of what each host has that are used. */
  private readonly cpuShare: Float64Array;
  private readonly memoryShare: Float64Array;
  private readonly cpuCapacity: Float64Array;
  private readonly memoryCapacity: Float64Array;
  private readonly eligible: (Eligible | undefined)[];
  /** Movable machines on each host, and each one's place in that list. */
  private readonly on: number[][];
  private readonly place: Int32Array;
  /** Of what is levelled: what is used of each host, and by each machine. */
  private readonly share: Float64Array;
  private readonly uses: Float64Array;
  private readonly levels: Levels;
  /** Of each machine: what it has reserved and what it uses. Apart from the objects, for they are read millions of times. */
  private readonly cpuNeed: Float64Array;
  private readonly memoryNeed: Float64Array;
  private readonly cpuUse: Float64Array;
  private readonly memoryUse: Float64Array;

  constructor(scene: DrsScene) {
    const measured = new Map(scene.hosts.map((host) => [host.id, host]));
    this.hosts = scene.snapshot.hosts.filter((host) => isOpen(host) && measured.has(host.id));
    const indexOf = new Map(this.hosts.map(({ id }, index) => [id, index]));
    const hostOf = ({ needs }: DrsMachine) => indexOf.get(needs.hostId ?? '') ?? -1;
    this.machines = scene.machines.filter((machine) => hostOf(machine) >= 0);
    this.at = Int32Array.from(this.machines, hostOf);
    this.home = this.at.slice();
    this.cpuFree = Float64Array.from(this.hosts, ({ cpuMhzFree }) => cpuMhzFree);
    this.memoryFree = Float64Array.from(this.hosts, ({ memoryMibFree }) => memoryMibFree);
    const capacities = this.hosts.map(({ id }) => measured.get(id)!);
    this.cpuCapacity = Float64Array.from(capacities, ({ capacity }) => Math.max(1, capacity.cpuMhz));
    this.memoryCapacity = Float64Array.from(capacities, ({ capacity }) => Math.max(1, capacity.memoryMib));
    this.cpuShare = Float64Array.from(capacities, ({ ownUse }, h) => ownUse.cpuMhz / this.cpuCapacity[h]!);
    this.memoryShare = Float64Array.from(capacities, ({ ownUse }, h) => ownUse.memoryMib / this.memoryCapacity[h]!);
    this.cpuNeed = Float64Array.from(this.machines, ({ needs }) => needs.cpuMhz);
    this.memoryNeed = Float64Array.from(this.machines, ({ needs }) => needs.memoryMib);
    this.cpuUse = Float64Array.from(this.machines, ({ use }) => use.cpuMhz);
    this.memoryUse = Float64Array.from(this.machines, ({ use }) => use.memoryMib);
    const byCpu = scene.rules.metric === 'cpu';
    this.share = byCpu ? this.cpuShare : this.memoryShare;
    this.uses = byCpu ? this.cpuUse : this.memoryUse;
    const judge = new EligibleHosts({ ...scene.snapshot, hosts: this.hosts });
    this.eligible = this.machines.map((machine) => judge.of(machine));
    this.movable = this.machines.flatMap((_, vm) => (this.eligible[vm] ? vm : []));
    this.groups = new AffinityGroups(this.machines, indexOf);
    this.on = this.hosts.map(() => []);
    this.place = new Int32Array(this.machines.length);
    this.machines.forEach(({ use }, vm) => {
      const host = this.at[vm]!;
      this.cpuShare[host]! += use.cpuMhz / this.cpuCapacity[host]!;
      this.memoryShare[host]! += use.memoryMib / this.memoryCapacity[host]!;
      if (this.eligible[vm]) this.place[vm] = this.on[host]!.push(vm) - 1;
    });
    this.levels = new Levels(scene.rules, byCpu ? this.cpuCapacity : this.memoryCapacity, this.share);
  }

  /** How unevenly hosts are used now. */
  get imbalance(): number {
    return this.levels.imbalance;
  }

  /** Whether the cluster is as its rules want it. */
  get isAsWanted(): boolean {
    return this.levels.isAsWanted;
  }

  /** Hosts with equal capacities: positions of each such group. What a machine adds to one it adds to all. */
  alikeHosts(): number[][] {
    const groups = new Map<string, number[]>();
    this.hosts.forEach((_, host) => {
      const key = `${this.cpuCapacity[host]}/${this.memoryCapacity[host]}`;
      groups.set(key, [...(groups.get(key) ?? []), host]);
    });
    return [...groups.values()];
  }

  /** What a machine uses of what is levelled. */
  useOf(vm: number): number {
    return this.uses[vm]!;
  }

  /** The share of a host that is used, of what is levelled. */
  shareOf(host: number): number {
    return this.share[host]!;
  }

  /** The movable machines on a host. */
  machinesOn(host: number): readonly number[] {
    return this.on[host]!;
  }

  /** Whether a machine may go to another host now: that it can run there, that there is room, and its groups allow it. */
  canMove(vm: number, to: number): boolean {
    const from = this.at[vm]!;
    const eligible = this.eligible[vm];
    if (from === to || eligible === undefined) return false;
    const wanted = eligible[to]!;
    if (wanted === 0 || wanted < eligible[from]!) return false;
    return (
      this.hasRoom(vm, to) &&
      staysBelow(this.cpuShare, from, to, this.cpuUse[vm]! / this.cpuCapacity[to]!) &&
      staysBelow(this.memoryShare, from, to, this.memoryUse[vm]! / this.memoryCapacity[to]!) &&
      this.groups.allow(vm, from, to)
    );
  }

  /** Whether a machine that was moved could have stayed: that its room at home was not taken, and strict groups allow it. */
  couldHaveStayed(vm: number): boolean {
    const home = this.home[vm]!;
    return this.hasRoom(vm, home) && this.groups.allowStrictly(vm, this.at[vm]!, home);
  }

  /** What the imbalance would be after a move. */
  imbalanceAfter(vm: number, to: number): number {
    return this.levels.imbalanceAfter(this.at[vm]!, to, this.uses[vm]!);
  }

  /** Moves a machine, without asking whether it may. */
  move(vm: number, to: number): void {
    const from = this.at[vm]!;
    const [cpu, memory] = [this.cpuUse[vm]!, this.memoryUse[vm]!];
    this.cpuShare[from]! -= cpu / this.cpuCapacity[from]!;
    this.cpuShare[to]! += cpu / this.cpuCapacity[to]!;
    this.memoryShare[from]! -= memory / this.memoryCapacity[from]!;
    this.memoryShare[to]! += memory / this.memoryCapacity[to]!;
    this.levels.move(from, to, this.uses[vm]!);
    this.cpuFree[from]! += this.cpuNeed[vm]!;
    this.cpuFree[to]! -= this.cpuNeed[vm]!;
    this.memoryFree[from]! += this.memoryNeed[vm]!;
    this.memoryFree[to]! -= this.memoryNeed[vm]!;
    this.groups.move(vm, from, to);
    const list = this.on[from]!;
    const last = list.pop()!;
    if (last !== vm) {
      list[this.place[vm]!] = last;
      this.place[last] = this.place[vm]!;
    }
    this.place[vm] = this.on[to]!.push(vm) - 1;
    this.at[vm] = to;
  }

  private hasRoom(vm: number, host: number): boolean {
    return this.memoryFree[host]! >= this.memoryNeed[vm]! && this.cpuFree[host]! >= this.cpuNeed[vm]!;
  }
}

function staysBelow(share: Float64Array, from: number, to: number, added: number): boolean {
  const after = share[to]! + added;
  return after <= USE_CEILING + EPSILON || after <= share[from]! + EPSILON;
}
