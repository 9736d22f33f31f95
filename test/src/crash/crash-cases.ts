/**
 * The cases of the crash matrix, for spec files that take a part of the workflows each. For every workflow, found by
 * scanning: whatever happens to any of its calls, the operation ends, and the world is clean: as after a run without
 * faults, or as before. The world is judged by the doctor, and by comparing every row and every inventory; not by what
 * the operation says of itself.
 *
 * See docs/durability.md, "The crash matrix".
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StepList } from '@durastack/kit/saga/steps';
import { findInconsistencies } from '../support/consistency.js';
import { loadWorkflows } from '../support/workflows.js';
import { holdingPoints } from './attempts.js';
import { commitCases, crashPaths, holdCases, shapeOf, stepCases, undoCases, type End, type HoldCase } from './cases.js';
import type { Fault, Plan } from './faults.js';
import { startMatrixWorld, type MatrixWorld } from './matrix-world.js';
import { OTHER_WAYS } from './scenarios.js';
import { expectClean, Trials, type Trial } from './trial.js';

const found = await loadWorkflows();
const workflows = new Map(found.map(({ name, list }) => [name, list]));
const areas = new Map(found.map(({ name, area }) => [name, area]));
for (const [way, { workflow }] of Object.entries(OTHER_WAYS)) {
  workflows.set(way, workflows.get(workflow)!);
  areas.set(way, areas.get(workflow)!);
}

/** Names of all workflows, and of the other ways through some. */
export const KINDS: ReadonlySet<string> = new Set(workflows.keys());

let world: MatrixWorld;
let trials: Trials;

async function expectEnd(trial: Trial, end: End): Promise<void> {
  const outcome = await trials.carryOut(trial);
  const turned = trial.plan.faults?.some(({ at }) => at.startsWith('undoing'));
  const healed = turned ? 'failed' : 'succeeded';
  expect(outcome.end).toBe(end === 'needs-attention' ? `needs-attention, then ${healed}` : end);
  const succeeded = outcome.end.endsWith('succeeded');
  expectClean(trial.kind, outcome, succeeded ? await trials.reference(trial.kind) : undefined);
}

async function expectEndWhereverItDies(kind: string, plan: Plan, end: End): Promise<void> {
  const { called } = await trials.reference(kind, plan.faults);
  const locals = called.filter(({ local }) => local).length;
  expect(locals).toBeGreaterThan(1);
  for (let afterLocal = 1; afterLocal <= locals; afterLocal += 1)
    await expectEnd({ kind, plan: { ...plan, crash: { afterLocal } } }, end);
}

async function expectHarmless(kind: string, { at, release, faults, like, end }: HoldCase): Promise<void> {
  const followed = release === 'after the next operation' || release === 'after undo and next operation';
  const succeeded = end === 'succeeded';
  const reference = await trials.reference(kind, like, followed);
  const plain = await trials.reference(kind, faults);
  const points = plain.called.find(({ key }) => key === at)?.points ?? [];
  expect(points).not.toEqual([]);
  const held: Fault = { at, kind: 'held', points: holdingPoints(points), release };
  const outcome = await trials.carryOut({ kind, plan: { faults: [...faults, held] }, next: followed });
  const where = `attempts held at ${points.join(', ')} ended ${outcome.released.join(', ')}`;
  expect(outcome.end, where).toBe(end);
  expect(outcome.released.length, where).toBe(held.points.length);
  expectClean(kind, outcome, succeeded || followed ? reference : undefined, where);
}

function describeKind(kind: string, list: StepList): void {
  const shape = shapeOf(list);
  // Of another way through a workflow that is here already, what it does otherwise.
  const differs = ({ title }: { title: string }) => title.includes(OTHER_WAYS[kind]?.step ?? '');

  describe(`${kind}`, () => {
    it.concurrent('succeeds without a fault', () => expectEnd({ kind, plan: {} }, 'succeeded'));

    for (const { title, faults, end } of [...stepCases(shape), ...undoCases(shape), ...commitCases(shape)].filter(
      differs,
    ))
      it.concurrent(`${title}`, () => expectEnd({ kind, plan: { faults } }, end));

    for (const { title, plan, end } of crashPaths(shape))
      it.concurrent(`the worker dies after any local activity, ${title}`, () =>
        expectEndWhereverItDies(kind, plan, end),
      );

    for (const held of holdCases(shape).filter(differs))
      it.concurrent(`${held.title}`, () => expectHarmless(kind, held));

    it('leaves a world in which the doctor finds nothing', async () => {
      expect(await findInconsistencies(world.database.source, world.agents.client)).toEqual([]);
    });
  });
}

/**
 * Declares the cases of every workflow that lies in such a folder of `workflows/src`, and the world that they share.
 *
 * @param isTaken by the name of a folder
 */
export function describeCrashes(isTaken: (area: string) => boolean): void {
  beforeAll(async () => {
    world = await startMatrixWorld();
    trials = new Trials(world, workflows);
  });
  afterAll(() => world?.stop());
  for (const [kind, list] of workflows) if (isTaken(areas.get(kind)!)) describeKind(kind, list);
}
