/**
 * Needs-attention, for every workflow: an undo fails for good, or a step past the point of no return does. Then each
 * of the three commands leads to a clean world; giving up leaves what it has noted, where it has noted it, and
 * nothing runs twice.
 */
import { diagnose } from '@durastack/activities/doctor/diagnose';
import type { AttentionDecision } from '@durastack/contracts/operations/attention';
import type { StepRef } from '@durastack/contracts/operations/step';
import { autocommit } from '@durastack/store/database/transaction';
import { decide } from '@durastack/store/operations/attention';
import { readRemnants } from '@durastack/store/operations/remnants';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadStepLists } from '../support/workflows.js';
import type { Fault } from './faults.js';
import { clearGround, makeGround, settle, type Ground, type Started } from './ground.js';
import { reviveHosts } from './ha-ground.js';
import { endMaintenance } from './maintenance-ground.js';
import { startMatrixWorld, type MatrixWorld } from './matrix-world.js';
import { acceptNext } from './next-operation.js';
import { Play } from './plain-runtime.js';
import { SCENARIOS } from './scenarios.js';
import { takeSnapshot } from './world-snapshot.js';

const workflows = await loadStepLists();
let world: MatrixWorld;
let ground: Ground;
beforeAll(async () => {
  world = await startMatrixWorld();
  ground = await makeGround(world, workflows);
});
afterAll(() => world?.stop());

/** Where an operation gets stuck: the step, or its undo, that is refused until its cause is mended. */
interface Obstacle {
  readonly direction: StepRef['direction'];
  readonly index: number;
  /** What happens before, so that it comes to this. */
  readonly faults: readonly Fault[];
}

/** The world with the obstacle in the operation's way; `mend` takes it away. */
function obstructed(operationId: string, { direction, index }: Obstacle): { world: MatrixWorld; mend(): void } {
  let there = true;
  const refusing = (name: string, run: MatrixWorld['activities'][string]) => async (argument: unknown) => {
    const step = argument as Partial<StepRef>;
    if (there && step.operationId === operationId && step.direction === direction && step.index === index)
      throw Object.assign(new Error(`${name} is refused for good`), { type: 'STEP_REFUSED', nonRetryable: true });
    return run(argument);
  };
  const activities = Object.fromEntries(
    Object.entries(world.activities).map(([name, run]) => [name, refusing(name, run)]),
  );
  return { world: { ...world, activities }, mend: () => void (there = false) };
}

/** Accepts an operation and lets it get stuck, then mends the cause. */
async function getStuck(kind: string, obstacle: Obstacle): Promise<{ started: Started; play: Play }> {
  const { prepare, accept } = SCENARIOS[kind]!;
  const started = await accept(ground, (await prepare?.(ground)) ?? '');
  const { world: stage, mend } = obstructed(started.operationId, obstacle);
  const play = new Play(stage, { kind, workflows }, started.operationId, { faults: obstacle.faults });
  expect(await play.toEnd()).toBe('needs-attention');
  mend();
  return { started, play };
}

const decideOn = ({ operationId }: Started, decision: AttentionDecision) =>
  decide(world.database.source, { operationId, decision, by: 'admin/admin' });

const findings = () => diagnose({ source: world.database.source, agents: world.agents, lookAgainMs: 0 });
const remnantsOf = async ({ operationId }: Started) =>
  (await readRemnants(autocommit(world.database.source))).filter((one) => one.operationId === operationId);

async function expectClean(): Promise<void> {
  expect((await findings()).map(({ id, what }) => `${id}: ${what}`)).toEqual([]);
}

/**
 * A machine's domain is where its row says, and holds its reservation there, or where something was noted to be left;
 * and it runs once at most.
 */
async function expectOnce(vmId: string, noted: readonly (string | null)[]): Promise<void> {
  const [vm] = await world.db.query<{ hostId: string | null; reserved: number }>(
    `SELECT v.host_id AS hostId, (SELECT COUNT(*) FROM reservation r WHERE r.owner_id = v.id AND r.resource_type = 'host' AND r.resource_id = v.host_id) AS reserved
       FROM virtual_machine v WHERE v.id = ?`,
    [vmId],
  );
  let running = 0;
  for (const id of ground.hostIds) {
    const [host] = await world.db.query<{ url: string }>('SELECT agent_url AS url FROM host WHERE id = ?', [id]);
    // A host without power runs nothing.
    const asked = world.agents.client.call({ id, url: host!.url }, 'getVm', { vmId });
    const { power } = await asked.catch(() => ({ power: 'absent' as const }));
    if (power === 'running') running += 1;
    if (power === 'absent' || (id !== vm?.hostId && noted.includes(id))) continue;
    expect([vm?.hostId, Number(vm?.reserved)]).toEqual([id, 1]);
  }
  expect(running).toBeLessThanOrEqual(1);
}

async function giveUp(kind: string, obstacle: Obstacle): Promise<void> {
  const { started } = await getStuck(kind, obstacle);
  await decideOn(started, 'give-up');
  await decideOn(started, 'give-up');
  const [operation] = await world.db.query<{ type: string; state: string }>(
    'SELECT resource_type AS type, state FROM operation WHERE id = ?',
    [started.operationId],
  );
  expect(operation?.state).toBe('failed');
  expect(await world.db.query('SELECT 1 FROM operation_lock WHERE operation_id = ?', [started.operationId])).toEqual(
    [],
  );
  // Whatever the doctor has to say is about what was noted.
  const noted = await remnantsOf(started);
  const places = noted.map(({ hostId }) => hostId);
  if (operation?.type === 'virtual-machine') {
    await expectOnce(started.resourceId, places);
    await reviveHosts(ground);
  }
  // A machine's disks are its own: what is found about them goes with it.
  const disks = await world.db.query<{ id: string }>('SELECT id FROM volume WHERE vm_id = ?', [started.resourceId]);
  const own = [started.resourceId, ...disks.map(({ id }) => id)];
  const others = (await findings()).filter(
    ({ kind: found, resource }) => found !== 'left-by-given-up' && !own.includes(resource.id),
  );
  expect(others.map(({ id }) => id)).toEqual([]);
  if (noted.length > 0)
    expect((await findings()).filter(({ kind: found }) => found === 'left-by-given-up')).toHaveLength(noted.length);
  await reviveHosts(ground);
  const next = await acceptNext(ground, { kind, end: 'failed' }, started.resourceId);
  if (next) await settle(ground, next.kind, next.started);
  expect(await remnantsOf(started)).toEqual([]);
}

async function tidy(): Promise<void> {
  await reviveHosts(ground);
  await expectClean();
  await endMaintenance(ground);
  await clearGround(ground, await takeSnapshot(world.db, ground.zoneId, world.simulatorDirectory));
}

/** One step that can be taken back without an undo never gets stuck. */
const stuckable = [...workflows]
  .map(([kind, { steps }]) => ({ kind, steps }))
  .filter(({ steps }) =>
    steps.some((step) => step.kind === 'pivot' || (step.kind === 'undoable' && !('noUndo' in step.undo))),
  );

describe.each(stuckable)('$kind', ({ kind, steps }) => {
  const pivotAt = steps.findIndex((step) => step.kind === 'pivot');
  const lastBack = pivotAt < 0 ? steps.length - 1 : pivotAt - 1;
  const undos = steps.flatMap((step, index) =>
    index <= lastBack && step.kind === 'undoable' && !('noUndo' in step.undo) ? [{ title: step.title, index }] : [],
  );

  describe.each(undos)('its undo of “$title” fails for good', ({ index }) => {
    const obstacle: Obstacle = { direction: 'undoing', index, faults: [{ at: `forward ${lastBack}`, kind: 'after' }] };
    it.each(['retry', 'undo'] as const)('%s: undone, and all is as it should be', async (decision) => {
      const { started, play } = await getStuck(kind, obstacle);
      await decideOn(started, decision);
      await decideOn(started, decision);
      expect(await play.toEnd()).toBe('failed');
      await tidy();
    });
    it('give up: what may be left is noted, and goes with the resource', async () => {
      await giveUp(kind, obstacle);
      await tidy();
    });
  });

  const pivot = steps[pivotAt];
  if (pivot?.kind === 'pivot' && pivot.settle) {
    describe.each([
      { when: 'before', end: 'failed' },
      { when: 'after', end: 'succeeded' },
    ] as const)(`settling “${pivot.title}” fails for good, $when its effect`, ({ when, end }) => {
      const faults = [{ at: `forward ${pivotAt}`, kind: when }] as const;
      const obstacle: Obstacle = { direction: 'undoing', index: pivotAt, faults };
      it.each(['retry', 'undo'] as const)(`%s: ${end}, and all is as it should be`, async (decision) => {
        const { started, play } = await getStuck(kind, obstacle);
        await decideOn(started, decision);
        expect(await play.toEnd()).toBe(end);
        await tidy();
      });
      it('give up: what may be left is noted, and goes with the resource', async () => {
        await giveUp(kind, obstacle);
        await tidy();
      });
    });
  }

  if (pivotAt >= 0) {
    // What is settled is not stuck at the pivot itself.
    const firstPast = pivot?.kind === 'pivot' && pivot.settle ? pivotAt + 1 : pivotAt;
    describe.each(steps.slice(firstPast).map(({ title }, index) => ({ title, index: firstPast + index })))(
      '“$title” fails for good',
      ({ index }) => {
        const obstacle: Obstacle = { direction: 'past-pivot', index, faults: [] };
        it('undo is refused; retry: done', async () => {
          const { started, play } = await getStuck(kind, obstacle);
          await expect(decideOn(started, 'undo')).rejects.toMatchObject({ code: 'TOO_LATE' });
          await decideOn(started, 'retry');
          expect(await play.toEnd()).toBe('succeeded');
          await tidy();
        });
        it('give up: what may be left is noted, and goes with the resource', async () => {
          await giveUp(kind, obstacle);
          await tidy();
        });
      },
    );
  }
});
