/** Carries out one case on a ground of its own, and judges the world afterwards. */
import { repairPowerDrift } from '@durastack/activities/loops/power-drift';
import { decide } from '@durastack/store/operations/attention';
import { expect } from 'vitest';
import type { Fault, Plan } from './faults.js';
import { clearGround, makeGround, settle, type Ground, type Workflows } from './ground.js';
import { reviveHosts } from './ha-ground.js';
import { endMaintenance } from './maintenance-ground.js';
import type { MatrixWorld } from './matrix-world.js';
import { acceptNext } from './next-operation.js';
import { Play, type Called } from './plain-runtime.js';
import { SCENARIOS } from './scenarios.js';
import { differences, powerDrifts, takeSnapshot, type Difference, type Snapshot } from './world-snapshot.js';

/** What came of a case. */
export interface Outcome {
  readonly end: string;
  readonly differences: readonly Difference[];
  readonly called: readonly Called[];
  /** How every attempt that was held ended. */
  readonly released: readonly string[];
}

/** How a case is carried out. */
export interface Trial {
  readonly kind: string;
  readonly plan: Plan;
  /** Another operation on the same thing follows. */
  readonly next?: boolean;
}

/** A ground and how many cases it has seen. */
interface UsedGround {
  readonly ground: Ground;
  cases: number;
}

/**
 * How many cases one ground sees. What they leave (rows of removed machines and disks) is read by each later look at
 * it, so an old ground costs more than the dozen operations that make a new one.
 */
const CASES_PER_GROUND = 30;

/** Grounds for several cases at a time, and what fault-free runs lead to. */
export class Trials {
  private readonly free: UsedGround[] = [];
  private readonly references = new Map<string, Promise<Outcome>>();

  constructor(
    private readonly world: MatrixWorld,
    private readonly workflows: Workflows,
  ) {}

  /** Carries out a case; the ground of one that throws is not used again. */
  async carryOut(trial: Trial): Promise<Outcome> {
    const used = this.free.pop() ?? { ground: await makeGround(this.world, this.workflows), cases: 0 };
    const outcome = await this.on(used.ground, trial);
    used.cases += 1;
    if (used.cases < CASES_PER_GROUND) this.free.push(used);
    return outcome;
  }

  /** The same for cases that are only compared with: carried out once. */
  reference(kind: string, faults: readonly Fault[] = [], next = false): Promise<Outcome> {
    const key = JSON.stringify([kind, faults, next]);
    const known = this.references.get(key) ?? this.carryOut({ kind, plan: { faults }, next });
    this.references.set(key, known);
    return known;
  }

  private async on(ground: Ground, { kind, plan, next = false }: Trial): Promise<Outcome> {
    const { world, workflows } = this;
    const { prepare, accept } = SCENARIOS[kind]!;
    const id = (await prepare?.(ground)) ?? '';
    const before = await this.look(ground);
    const started = await accept(ground, id);
    const play = new Play(world, { kind, workflows }, started.operationId, plan);
    let end = await play.toEnd();
    if (end === 'needs-attention') {
      await decide(world.database.source, { operationId: started.operationId, decision: 'retry', by: 'the matrix' });
      const then = await play.toEnd();
      end = `needs-attention, then ${then}`;
    }
    if (next) {
      await this.look(ground);
      const following = await acceptNext(ground, { kind, end }, started.resourceId);
      if (following) await settle(ground, following.kind, following.started);
    }
    await play.nextHasEnded();
    const after = await this.look(ground);
    await reviveHosts(ground);
    await endMaintenance(ground);
    await clearGround(ground, after);
    return { end, differences: differences(before, after), called: play.called, released: play.released };
  }

  /** Looks, once heartbeats and the drift repair have done what in production they do within two seconds. */
  private async look({ zoneId }: Ground): Promise<Snapshot> {
    const { db, database, agents, simulatorDirectory } = this.world;
    const seen = await takeSnapshot(db, zoneId, simulatorDirectory);
    const drifts = powerDrifts(seen);
    if (drifts.length === 0) return seen;
    for (const { vmId, hostId, power } of drifts)
      await db.execute('UPDATE virtual_machine SET observed_power = ? WHERE id = ? AND host_id = ?', [
        power,
        vmId,
        hostId,
      ]);
    await repairPowerDrift(database.source, agents);
    return takeSnapshot(db, zoneId, simulatorDirectory);
  }
}

/**
 * After a success: as after the reference, which ran without faults. After an undo: as before, but for what the
 * scenario declares.
 *
 * @param where said when it is not so
 */
export function expectClean(kind: string, outcome: Outcome, reference: Outcome | undefined, where = ''): void {
  if (reference && outcome.end.endsWith('succeeded')) {
    const details = ({ differences: found }: Outcome) => found.map(({ detail }) => detail);
    expect(details(outcome), where).toEqual(details(reference));
    return;
  }
  const { undone } = SCENARIOS[kind]!;
  const lines = (found: readonly Difference[]) =>
    found.map(({ line }) => line).filter((line) => !undone.includes(line));
  expect(lines(outcome.differences), where).toEqual(lines(reference?.differences ?? []));
}
