import type { DrsAlgorithm } from './drs-scene.js';

/**
 * Coefficient of variation from sums over values less `middle`: deviation of the population through mean. 0 where
 * nothing is used.
 */
export function variation(count: number, sum: number, sumOfSquares: number, middle = 0): number {
  if (count === 0) return 0;
  const beside = sum / count;
  const mean = middle + beside;
  if (mean <= 0) return 0;
  return Math.sqrt(Math.max(0, sumOfSquares / count - beside * beside)) / mean;
}

/** How unevenly hosts are used, as CloudStack counts it: 0 is even, 1 and more is very uneven. */
export function imbalanceOf(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share * share, 0);
  return variation(shares.length, sum, squares);
}

/** How far an imbalance is from what is wanted; 0: nothing is to be done. */
export function distance(algorithm: DrsAlgorithm, imbalance: number, threshold: number): number {
  return Math.max(0, algorithm === 'balanced' ? imbalance - threshold : threshold - imbalance);
}

/**
 * The wanted imbalance of a cluster's setting `drs.imbalance`. Of `balanced` 1 means that none is tolerated, of
 * `condensed` it is what the imbalance must at least be: CloudStack's reading of one setting for two aims.
 */
export function thresholdOf(algorithm: DrsAlgorithm, setting: number): number {
  return algorithm === 'balanced' ? 1 - setting : setting;
}
