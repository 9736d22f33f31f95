import type { ClusterSettings } from '@durastack/contracts/infra/cluster-settings';
import { DRS_ALGORITHMS, DRS_METRICS, DRS_METRIC_TYPES, type DrsRules } from './drs-scene.js';
import { thresholdOf } from './imbalance.js';

/** A search that has not ended by then ends with what it has: on a busy machine a plan is a little worse, not late. */
export const SEARCH_LIMIT_MS = 8_000;

/** How a cluster's plans are made, by its settings; `most`: no more moves than that. */
export function rulesOf(settings: ClusterSettings, most?: number): DrsRules {
  const algorithm = DRS_ALGORITHMS.find((name) => name === settings['drs.algorithm']) ?? 'condensed';
  return {
    algorithm,
    metric: DRS_METRICS.find((name) => name === settings['drs.metric']) ?? 'memory',
    metricType: DRS_METRIC_TYPES.find((name) => name === settings['drs.metric.type']) ?? 'used',
    useRatio: settings['drs.metric.use.ratio'] === true,
    skipThreshold: Number(settings['drs.imbalance.condensed.skip.threshold']),
    threshold: thresholdOf(algorithm, Number(settings['drs.imbalance'])),
    maxMoves: most ?? Number(settings['drs.max.migrations']),
  };
}
