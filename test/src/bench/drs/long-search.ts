/**
 * A search that takes its time: many starts, each with far more attempts than the planner has, all from different
 * seeds. What it finds stands for the optimum, which nobody can compute at these sizes.
 */
import type { DrsScene } from '@durastack/model/drs/drs-scene';
import { distance } from '@durastack/model/drs/imbalance';
import { planDrs } from '@durastack/model/drs/plan-drs';
import type { Outcome } from './greedy-rule.js';

/** The best of several plans: the nearest to what is wanted, and of those the one with the fewest moves. */
export function longSearch(scene: DrsScene, { starts, searchSteps }: { starts: number; searchSteps: number }): Outcome {
  const { algorithm, threshold } = scene.rules;
  const far = ({ imbalance }: Outcome) => distance(algorithm, imbalance, threshold);
  const outcomes = Array.from({ length: starts }, (_, seed): Outcome => {
    const plan = planDrs({ ...scene, rules: { ...scene.rules, seed: seed + 100, searchSteps } });
    return { imbalance: plan.imbalanceAfter, moves: plan.moves.length };
  });
  return outcomes.sort((a, b) => far(a) - far(b) || a.moves - b.moves)[0]!;
}
