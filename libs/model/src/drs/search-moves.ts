/**
 * Which machines should be elsewhere. First greedily, always the move that brings most; then a local search that
 * exchanges, redirects and drops moves and accepts, ever more rarely, what is worse for a while (simulated annealing).
 * Both walk over states that keep every rule, each a single move away from the one before.
 */
import type { ClusterState } from './cluster-state.js';
import { moveCost, type DrsRules } from './drs-scene.js';
import { distance } from './imbalance.js';
import { seededNumbers } from './seeded-numbers.js';

/** A move of average cost must improve the imbalance by this much, divided by the number of hosts. */
const PRICE = 0.004;
/** The part of a move's price that is for moving at all; the rest is for what it copies. */
const FIXED_PART = 0.75;
/** What it is worth to reach what is wanted, in average prices. */
const ARRIVAL = 3;
/** Hosts that the greedy search looks at for each machine, the best first. */
const DESTINATIONS = 3;
const DESTINATIONS_SEEN = 64;
/** Attempts between two looks at the clock. */
const SLICE = 2_000;
/** How many attempts are worth it, by the size of the cluster. */
const STEPS = { atLeast: 150_000, perHost: 4_000, atMost: 1_200_000 } as const;
/** The search begins by accepting what is worse by this many average prices, and ends with the second. */
const WARMTH = { first: 4, last: 0.05 } as const;
/** Of so many hosts drawn by chance the most suitable one is taken. */
const DRAWS = 3;

/** A cluster with a value for each of its states: the lower the better. */
export class MoveSearch {
  /** How many machines are not at home. */
  moved = 0;
  private cost = 0;
  private readonly costs: Float64Array;
  private readonly averagePrice: number;
  private readonly away: number[] = [];
  private readonly awayAt: Int32Array;
  private readonly random: () => number;

  constructor(
    readonly state: ClusterState,
    private readonly rules: DrsRules,
  ) {
    const copies = state.machines.map((machine) => moveCost(machine).copyMib);
    const average = copies.reduce((sum, copy) => sum + copy, 0) / Math.max(1, copies.length);
    this.averagePrice = PRICE / Math.max(1, state.hosts.length);
    this.costs = Float64Array.from(
      copies,
      (copy) => this.averagePrice * (FIXED_PART + ((1 - FIXED_PART) * copy) / Math.max(1, average)),
    );
    this.awayAt = new Int32Array(state.machines.length).fill(-1);
    this.random = seededNumbers(rules.seed ?? 1);
  }

  /** What the present state is worth: how far from what is wanted, and what it costs to get there. */
  get value(): number {
    return this.distanceOf(this.state.imbalance) + this.cost;
  }

  /** The price of one machine's move. */
  priceOf(vm: number): number {
    return this.costs[vm]!;
  }

  /** How far an imbalance is from what is wanted. To get there at last is worth some moves, however near it was. */
  distanceOf(imbalance: number): number {
    const far = distance(this.rules.algorithm, imbalance, this.rules.threshold);
    return far === 0 ? 0 : far + ARRIVAL * this.averagePrice;
  }

  /** Moves, and keeps account of who is away from home. */
  move(vm: number, to: number): void {
    const wasAway = this.awayAt[vm]! >= 0;
    this.state.move(vm, to);
    const isAway = to !== this.state.home[vm];
    if (isAway === wasAway) return;
    if (isAway) {
      this.awayAt[vm] = this.away.push(vm) - 1;
      this.cost += this.costs[vm]!;
    } else {
      const last = this.away.pop()!;
      if (last !== vm) {
        this.away[this.awayAt[vm]!] = last;
        this.awayAt[last] = this.awayAt[vm]!;
      }
      this.awayAt[vm] = -1;
      this.cost -= this.costs[vm]!;
    }
    this.moved = this.away.length;
  }

  /** Machines away from home, with where they are. */
  assignment(): ReadonlyMap<number, number> {
    return new Map([...this.away].sort((a, b) => a - b).map((vm) => [vm, this.state.at[vm]!]));
  }

  /** Takes the best move again and again, while it is worth its price. */
  *greedy(): Generator<void> {
    const small = this.smallest();
    while (this.moved < this.rules.maxMoves && this.distanceOf(this.state.imbalance) > 0) {
      const best = this.bestMove(small);
      if (best === undefined || this.rules.outOfTime?.() === true) return;
      this.move(best.vm, best.to);
      yield;
    }
  }

  /** Searches from the present state on. @returns the best assignment that was found */
  *anneal(): Generator<void, ReadonlyMap<number, number>> {
    let best = { value: this.value, assignment: this.assignment() };
    const { hosts, movable } = this.state;
    const steps =
      this.rules.searchSteps ?? Math.min(STEPS.atMost, Math.max(STEPS.atLeast, hosts.length * STEPS.perHost));
    if (movable.length === 0 || hosts.length < 2) return best.assignment;
    const cooling = (WARMTH.last / WARMTH.first) ** (1 / Math.max(1, steps));
    let warmth = WARMTH.first * this.averagePrice;
    for (let step = 0; step < steps; step += 1, warmth *= cooling) {
      if (step % SLICE === 0) {
        yield;
        if (this.rules.outOfTime?.() === true) break;
      }
      const value = this.attempt(warmth);
      if (value !== undefined && value < best.value - 1e-12) best = { value, assignment: this.assignment() };
    }
    return best.assignment;
  }

  /** One change; taken back unless accepted. @returns the new value if it was */
  private attempt(warmth: number): number | undefined {
    const before = this.value;
    const undo = this.change();
    if (undo.length === 0) return undefined;
    const after = this.value;
    const accepted =
      this.moved <= this.rules.maxMoves && (after <= before || this.random() < Math.exp((before - after) / warmth));
    if (accepted) return after;
    for (const [vm, from] of undo.reverse()) this.move(vm, from);
    return undefined;
  }

  /** A change by chance. @returns who was where before, in order; empty when the rules allowed none */
  private change(): [number, number][] {
    const done: [number, number][] = [];
    const go = (vm: number | undefined, to: number): boolean => {
      if (vm === undefined || !this.state.canMove(vm, to)) return false;
      done.push([vm, this.state.at[vm]!]);
      this.move(vm, to);
      return true;
    };
    const kind = this.random();
    if (this.away.length === 0 || (kind < 0.35 && this.moved < this.rules.maxMoves)) {
      go(this.anyOn(this.giver()), this.taker());
    } else if (kind < 0.55) this.swap(go);
    else {
      const vm = this.away[this.below(this.away.length)]!;
      const [from, to] = [this.state.home[vm]!, this.state.at[vm]!];
      if (kind < 0.7) go(vm, this.taker());
      else if (kind < 0.75) go(vm, from);
      // Another machine of the same host in its place, or one of any host.
      else if (go(vm, from)) go(this.anyOn(kind < 0.9 ? from : this.giver()), kind < 0.95 ? to : this.taker());
    }
    return done;
  }

  private swap(go: (vm: number | undefined, to: number) => boolean): void {
    const [from, to] = [this.giver(), this.taker()];
    const [there, back] = [this.anyOn(from), this.anyOn(to)];
    if (back !== undefined && go(there, to)) go(back, from);
  }

  /** A host that should give: of `balanced` a full one, of `condensed` an empty one. */
  private giver(): number {
    return this.draw(this.rules.algorithm === 'balanced' ? 1 : -1);
  }

  private taker(): number {
    return this.draw(this.rules.algorithm === 'balanced' ? -1 : 1);
  }

  private draw(sign: number): number {
    let best = this.below(this.state.hosts.length);
    for (let draw = 1 + this.below(DRAWS); draw > 1; draw -= 1) {
      const other = this.below(this.state.hosts.length);
      if (sign * this.state.shareOf(other) > sign * this.state.shareOf(best)) best = other;
    }
    return best;
  }

  private anyOn(host: number): number | undefined {
    const machines = this.state.machinesOn(host);
    return machines[this.below(machines.length)];
  }

  private below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  private smallest(): { readonly cpuMhz: number; readonly memoryMib: number } {
    const least = { cpuMhz: Infinity, memoryMib: Infinity };
    for (const vm of this.state.movable) {
      const { cpuMhz, memoryMib } = this.state.machines[vm]!.needs;
      least.cpuMhz = Math.min(least.cpuMhz, cpuMhz);
      least.memoryMib = Math.min(least.memoryMib, memoryMib);
    }
    return least;
  }

  /** The move of greatest gain; a host without room for the smallest machine is not looked at. */
  private bestMove(small: {
    readonly cpuMhz: number;
    readonly memoryMib: number;
  }): { vm: number; to: number } | undefined {
    const { state } = this;
    const sign = this.rules.algorithm === 'balanced' ? 1 : -1;
    const takers = state.hosts
      .map((_, host) => host)
      .filter((host) => state.cpuFree[host]! >= small.cpuMhz && state.memoryFree[host]! >= small.memoryMib)
      .sort((a, b) => sign * (state.shareOf(a) - state.shareOf(b)));
    const now = this.distanceOf(state.imbalance);
    let best: { vm: number; to: number; gain: number } | undefined;
    for (const vm of state.movable) {
      if (this.awayAt[vm]! >= 0) continue;
      let tried = 0;
      for (let rank = 0; rank < Math.min(DESTINATIONS_SEEN, takers.length) && tried < DESTINATIONS; rank += 1) {
        const to = takers[rank]!;
        if (sign * (state.shareOf(state.at[vm]!) - state.shareOf(to)) <= 0) break;
        if (!state.canMove(vm, to)) continue;
        tried += 1;
        const gain = now - this.distanceOf(state.imbalanceAfter(vm, to)) - this.costs[vm]!;
        if (gain > (best?.gain ?? 0)) best = { vm, to, gain };
      }
    }
    return best;
  }
}
