import { setImmediate } from 'node:timers/promises';

/** For so long at a time others wait. */
const SLICE_MS = 10;

/** Says from then on whether so much time has passed. */
export function timeLimit(limitMs: number): () => boolean {
  const endsMs = performance.now() + limitMs;
  return () => performance.now() > endsMs;
}

/** Runs a long computation to its end, and between its slices lets the process do what else there is to do. */
export async function runInSlices<T>(computation: Generator<void, T>): Promise<T> {
  let beganMs = performance.now();
  for (;;) {
    const { done, value } = computation.next();
    if (done === true) return value;
    if (performance.now() - beganMs < SLICE_MS) continue;
    await setImmediate();
    beganMs = performance.now();
  }
}
