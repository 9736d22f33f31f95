/** Every order of every set of moves, for clusters so small that this ends: what no plan can beat. */
import type { DrsScene } from '@durastack/model/drs/drs-scene';
import { PlainCluster, type Outcome } from './plain-cluster.js';

/** The nearest to what is wanted within the most moves, and of those the one with the fewest. */
export function exactSearch(scene: DrsScene): Outcome {
  const cluster = new PlainCluster(scene);
  let best = { far: cluster.far, imbalance: cluster.imbalance, moves: 0 };
  const look = (moves: number): void => {
    const { far } = cluster;
    if (far < best.far - 1e-12 || (far <= best.far && moves < best.moves))
      best = { far, imbalance: cluster.imbalance, moves };
    if (moves === scene.rules.maxMoves || far === 0) return;
    for (const vm of cluster.free) {
      const { home } = cluster.machines[vm]!;
      if (cluster.at[vm] !== home) continue;
      for (let to = 0; to < cluster.hosts.length; to += 1) {
        if (!cluster.may(vm, to)) continue;
        cluster.move(vm, to);
        look(moves + 1);
        cluster.move(vm, home);
      }
    }
  };
  look(0);
  return { imbalance: best.imbalance, moves: best.moves };
}
