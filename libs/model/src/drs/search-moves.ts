/**
 * Which machines should be elsewhere. It begins with what the greedy rule came to, and never ends with more moves or
 * farther from what is wanted. Again and again it gives up some of the moves, and takes the best ones of a few machines
 * drawn by chance instead, as many as are allowed ("ruin and recreate"); what is worse for a while is accepted ever more
 * rarely. Fewer and fewer moves are allowed while that comes as near. It walks over states that keep every rule, each a
 * single move away from the one before.
 */
import { BestMove, type Move } from './best-move.js';
import type { ClusterState } from './cluster-state.js';
import { moveCost, type DrsRules } from './drs-scene.js';
import { seededNumbers } from './seeded-numbers.js';

/** What a move of average cost is worth of imbalance, divided by the number of hosts: of equals the cheaper one. */
const PRICE = 0.0004;
/** The part of a move's price that is for moving at all; the rest is for what it copies. */
const FIXED_PART = 0.75;
/** Machines that are looked at in all, by the size of the cluster, and in each search for fewer moves. */
const LOOKS = { atLeast: 2_000_000, perHost: 50_000, atMost: 10_000_000 } as const;
const FEWER_PART = 0.15;
/** Machines among which the best move is taken: half of them, and no more than so many. */
const SAMPLE = { part: 0.5, atMost: 1_500 } as const;
/** How often it is any move instead of the best one. */
const BLIND = 0.1;
/** Moves that are given up at once. */
const RUINED = 6;
/** Looks between two looks at the clock. */
const SLICE = 20_000;
/** The part of the moves that are to be saved at a time, at first. */
const SAVED = 0.16;
/** What is worse by this part of what is left, or of what a move brings, may still be accepted at first. */
const WARMTH = 0.3;
/** Sums of many small steps do not meet to the last bit. */
const EPSILON = 1e-9;

/** Where machines that move are to go. */
export type Assignment = ReadonlyMap<number, number>;

/** What a search may cost, and what it is for. */
interface Effort {
  readonly looks: number;
  /** No farther than this from what is wanted. */
  readonly goal: number;
  /** What a move brings on the average. */
  readonly gain: number;
  /** Ends with the first that comes as near as the goal. */
  readonly first: boolean;
}

/** A cluster with a value for each of its states: the lower the better. */
export class MoveSearch {
  private cost = 0;
  private readonly costs: Float64Array;
  private readonly away: number[] = [];
  private readonly awayAt: Int32Array;
  private readonly random: () => number;
  private readonly best: BestMove;
  /** The greatest number of machines away from home. */
  private most: number;
  private looked = 0;

  constructor(
    readonly state: ClusterState,
    private readonly rules: DrsRules,
  ) {
    const copies = state.machines.map((machine) => moveCost(machine).copyMib);
    const average = copies.reduce((sum, copy) => sum + copy, 0) / Math.max(1, copies.length);
    const averagePrice = PRICE / Math.max(1, state.hosts.length);
    this.costs = Float64Array.from(
      copies,
      (copy) => averagePrice * (FIXED_PART + ((1 - FIXED_PART) * copy) / Math.max(1, average)),
    );
    this.awayAt = new Int32Array(state.machines.length).fill(-1);
    this.random = seededNumbers(rules.seed ?? 1);
    this.best = new BestMove(state, rules.algorithm);
    this.most = rules.maxMoves;
  }

  /** How far the present state is from what is wanted; 0: it is as wanted. */
  get far(): number {
    const { state, rules } = this;
    if (state.isAsWanted) return 0;
    // What gathers machines brings the imbalance no higher than that.
    return rules.algorithm === 'balanced'
      ? state.imbalance - rules.threshold
      : Math.sqrt(state.hosts.length) - state.imbalance;
  }

  /** How many machines are not at home. */
  get moved(): number {
    return this.away.length;
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
  }

  /** Machines away from home, with where they are. */
  assignment(): Assignment {
    return new Map([...this.away].sort((a, b) => a - b).map((vm) => [vm, this.state.at[vm]!]));
  }

  /**
   * Betters what the greedy rule came to, from the state that it left. `began`: how far the cluster was at first.
   *
   * @returns the best assignment that was found
   */
  *better(began: number): Generator<void, Assignment> {
    let best = this.assignment();
    if (best.size === 0) return best;
    const goal = this.far + EPSILON;
    const gain = (began - this.far) / best.size;
    const looks =
      this.rules.searchSteps ??
      Math.min(LOOKS.atMost, Math.max(LOOKS.atLeast, this.state.hosts.length * LOOKS.perHost));
    let left = looks;
    let saved = Math.max(1, Math.floor(best.size * SAVED));
    while (saved > 0 && best.size > 1 && left > looks * FEWER_PART) {
      this.goTo(best);
      this.most = best.size - Math.min(saved, best.size - 1);
      this.giveUp();
      const effort = { goal, gain, looks: Math.ceil(looks * FEWER_PART), first: true };
      const before = this.looked;
      const found = yield* this.search(effort);
      left -= this.looked - before;
      if (found === undefined) saved = Math.floor(saved / 2);
      else best = found;
    }
    this.goTo(best);
    this.most = best.size;
    return (yield* this.search({ goal, gain, looks: left, first: false })) ?? best;
  }

  /** What the present state is worth: how far from what is wanted, and what it costs to get there. */
  private get value(): number {
    return this.far + this.cost;
  }

  /** Brings the cluster to an assignment, without asking whether each step may be. */
  private goTo(assignment: Assignment): void {
    for (const vm of [...this.away]) this.move(vm, this.state.home[vm]!);
    for (const [vm, to] of assignment) this.move(vm, to);
  }

  /** Sends home those whose moves bring least, as many as are too many. */
  private giveUp(): void {
    while (this.moved > this.most) {
      let least: { readonly vm: number; readonly far: number } | undefined;
      for (const vm of [...this.away]) {
        const to = this.state.at[vm]!;
        this.move(vm, this.state.home[vm]!);
        const { far } = this;
        this.move(vm, to);
        if (least === undefined || far < least.far) least = { vm, far };
      }
      this.move(least!.vm, this.state.home[least!.vm]!);
    }
  }

  /** Searches from the present state on. @returns the best assignment that comes as near as the goal, if any does */
  private *search({ goal, gain, looks, first }: Effort): Generator<void, Assignment | undefined> {
    let best: { readonly value: number; readonly assignment: Assignment } | undefined;
    const began = this.looked;
    let next = began;
    for (;;) {
      if (this.far <= goal && this.value < (best?.value ?? Infinity) - EPSILON)
        best = { value: this.value, assignment: this.assignment() };
      const done = (this.looked - began) / looks;
      if (done >= 1 || (first && best !== undefined)) break;
      if (this.looked >= next) {
        yield;
        if (this.rules.outOfTime?.() === true) break;
        next = this.looked + SLICE;
      }
      this.attempt(WARMTH * Math.min(this.far, gain) * (1 - done));
    }
    return best?.assignment;
  }

  /** Gives some moves up and takes others; taken back when that is worse by more than chance and `warmth` allow. */
  private attempt(warmth: number): void {
    const before = this.value;
    const done: [number, number][] = [];
    const go = (vm: number, to: number): void => {
      done.push([vm, this.state.at[vm]!]);
      this.move(vm, to);
    };
    for (let count = 1 + this.below(Math.min(RUINED, this.moved)); count > 0 && this.moved > 0; count -= 1) {
      const vm = this.away[this.below(this.moved)]!;
      if (this.state.couldHaveStayed(vm)) go(vm, this.state.home[vm]!);
    }
    while (this.moved < this.most && !this.state.isAsWanted) {
      const move = this.random() < BLIND ? this.anyMove() : this.best.of(this.sample());
      if (move === undefined) break;
      go(move.vm, move.to);
    }
    this.looked += 1;
    if (this.moved <= this.most && this.value <= before + warmth * this.random()) return;
    for (const [vm, from] of done.reverse()) this.move(vm, from);
  }

  /** One that improves nothing perhaps, but may make room for what does. */
  private anyMove(): Move | undefined {
    const { machines } = this.best;
    this.looked += 1;
    const vm = machines[this.below(machines.length)]!;
    const to = this.below(this.state.hosts.length);
    return this.awayAt[vm]! < 0 && this.state.canMove(vm, to) ? { vm, to } : undefined;
  }

  /** Some of the machines at home. */
  private *sample(): Generator<number> {
    const { machines } = this.best;
    const count = Math.ceil(Math.min(machines.length * SAMPLE.part, SAMPLE.atMost));
    this.looked += count;
    for (let left = count; left > 0; left -= 1) {
      const vm = machines[this.below(machines.length)]!;
      if (this.awayAt[vm]! < 0) yield vm;
    }
  }

  private below(limit: number): number {
    return Math.floor(this.random() * limit);
  }
}
