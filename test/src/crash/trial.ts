/** Carries out one case on a ground of its own, and judges the world afterwards. */
import { repairPowerDrift } from '@durastack/activities/loops/power-drift';
import { decide } from '@durastack/store/operations/attention';
import { expect } from 'vitest';
import type { Fault, Plan } from './faults.js';
import { clearGround, makeGround, settle, type Ground, type Workflows } from './ground.js';
import type { MatrixWorld } from './matrix-world.js';
import { Play, type Called } from './plain-runtime.js';
import { acceptNext, SCENARIOS } from './scenarios.js';
import { differences, readSimulatedHost, takeSnapshot, type Difference } from './world-snapshot.js';

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

/** Grounds for several cases at a time, and what fault-free runs lead to. */
export class Trials {
  private readonly free: Ground[] = [];
  private readonly references = new Map<string, Promise<Outcome>>();

  constructor(
    private readonly world: MatrixWorld,
    private readonly workflows: Workflows,
  ) {}

  /** Carries out a case; the ground of one that throws is not used again. */
  async carryOut(trial: Trial): Promise<Outcome> {
    const ground = this.free.pop() ?? (await makeGround(this.world, this.workflows));
    const outcome = await this.on(ground, trial);
    await clearGround(ground);
    this.free.push(ground);
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
    const look = () => takeSnapshot(world.db, ground.zoneId, world.simulatorDirectory);
    const { prepare, accept } = SCENARIOS[kind]!;
    const id = (await prepare?.(ground)) ?? '';
    const before = await look();
    const started = await accept(ground, id);
    const play = new Play(world, workflows.get(kind)!, started.operationId, plan);
    let end = await play.toEnd();
    if (end === 'needs-attention') {
      await decide(world.database.source, { operationId: started.operationId, decision: 'retry', by: 'the matrix' });
      const then = await play.toEnd();
      end = `needs-attention, then ${then}`;
    }
    await this.observe(ground);
    if (next) {
      const following = await acceptNext(ground, { kind, end }, started.resourceId);
      if (following) await settle(ground, following.kind, following.started);
    }
    await play.nextHasEnded();
    await this.observe(ground);
    return { end, differences: differences(before, await look()), called: play.called, released: play.released };
  }

  /** What heartbeats and the drift repair do in production within two seconds. */
  private async observe({ hostIds }: Ground): Promise<void> {
    const { db, database, agents } = this.world;
    let drifted = false;
    for (const hostId of hostIds) {
      const seen = readSimulatedHost(this.world.simulatorDirectory, hostId)?.vms ?? {};
      const rows = await db.query<{ id: string; power: string }>(
        'SELECT id, observed_power AS power FROM virtual_machine WHERE host_id = ?',
        [hostId],
      );
      for (const { id, power } of rows) {
        const now = seen[id]?.power ?? 'absent';
        if (now === power) continue;
        drifted = true;
        await db.execute('UPDATE virtual_machine SET observed_power = ? WHERE id = ? AND host_id = ?', [
          now,
          id,
          hostId,
        ]);
      }
    }
    if (drifted) await repairPowerDrift(database.source, agents);
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
