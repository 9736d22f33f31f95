/**
 * The crash matrix: every step of every workflow fails before and after its effect, runs twice, loses its run,
 * and meets a cancel; every undo runs twice and loses its run. Whatever happens, the operation ends and the
 * world is clean: database and hosts agree, nothing is held, nothing is left over.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repairPowerDrift } from '@durastack/activities/loops/power-drift';
import { findInconsistencies, readInventories } from '../support/consistency.js';
import { loadStepLists } from '../support/workflows.js';
import { startMatrixWorld, type MatrixWorld } from './matrix-world.js';
import { runToEnd, type Fault } from './plain-runtime.js';
import { makeGround, SCENARIOS, type Ground } from './scenarios.js';

const workflows = await loadStepLists();
let world: MatrixWorld;
let ground: Ground;
beforeAll(async () => {
  world = await startMatrixWorld();
  ground = await makeGround(world, workflows);
});
afterAll(() => world?.stop());

it('every workflow has a scenario, so that the matrix covers it', () => {
  const missing = [...workflows.keys()].filter((name) => !(name in SCENARIOS));
  expect(missing, 'add a scenario to test/src/crash/scenarios.ts for each of these').toEqual([]);
});

/** What heartbeats and the drift repair do in production within two seconds. */
async function observeHosts(): Promise<void> {
  const { source } = world.database;
  for (const [hostId, { vms }] of await readInventories(source, world.agents.client)) {
    for (const { id, power } of vms)
      await world.db.execute('UPDATE virtual_machine SET observed_power = ? WHERE id = ? AND host_id = ?', [
        power,
        id,
        hostId,
      ]);
  }
  await repairPowerDrift(source, world.agents);
}

async function run(kind: string, faults: readonly Fault[]): Promise<string> {
  const { operationId } = await SCENARIOS[kind]!(ground);
  const state = await runToEnd(world, workflows.get(kind)!, operationId, faults);
  await observeHosts();
  expect(await findInconsistencies(world.database.source, world.agents.client)).toEqual([]);
  return state;
}

describe.each([...workflows].map(([kind, list]) => ({ kind, list })))('$kind', ({ kind, list: { steps } }) => {
  const pivotAt = steps.findIndex((step) => step.kind === 'pivot');
  const last = steps.length - 1;

  it('succeeds without a fault', async () => {
    expect(await run(kind, [])).toBe('succeeded');
  });

  describe.each(steps.map((step, index) => ({ title: step.title, index })))('step “$title”', ({ index }) => {
    const turnsBack = pivotAt < 0 || index < pivotAt;
    it.each(['before', 'after'] as const)('failing %s its effect', async (fault) => {
      expect(await run(kind, [{ direction: 'forward', index, kind: fault }])).toBe(turnsBack ? 'failed' : 'succeeded');
    });
    it.each(['twice', 'lost'] as const)('%s', async (fault) => {
      expect(await run(kind, [{ direction: 'forward', index, kind: fault }])).toBe('succeeded');
    });
    it('meeting a cancel', async () => {
      expect(await run(kind, [{ direction: 'forward', index, kind: 'cancel' }])).toBe(
        turnsBack && index < last ? 'cancelled' : 'succeeded',
      );
    });
  });

  const lastUndoable = pivotAt < 0 ? last : pivotAt - 1;
  const undos = steps.flatMap((step, index) =>
    step.kind === 'undoable' && !('noUndo' in step.undo) && index <= lastUndoable ? [{ title: step.title, index }] : [],
  );
  if (undos.length > 0) {
    describe.each(undos)('undo of “$title”', ({ index }) => {
      it.each(['twice', 'lost'] as const)('%s', async (fault) => {
        const failing: Fault = { direction: 'forward', index: lastUndoable, kind: 'after' };
        expect(await run(kind, [failing, { direction: 'undoing', index, kind: fault }])).toBe('failed');
      });
    });
  }
});
