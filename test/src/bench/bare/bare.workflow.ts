/** A workflow that has the shape of another and does nothing: what Temporal alone costs. */
import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';

/** A step: a local activity, or an ordinary one. */
export type ShapeStep = 'local' | 'activity';

interface Nothing {
  /** Empty. */
  nothing(step: { readonly of: string; readonly index: number }): Promise<{ done: true }>;
}

const local = proxyLocalActivities<Nothing>({ startToCloseTimeout: 2_000, scheduleToCloseTimeout: 5_000 });
const hosts = proxyActivities<Nothing>({
  startToCloseTimeout: 60_000,
  heartbeatTimeout: 5_000,
  scheduleToCloseTimeout: 300_000,
});

/** Calls one empty activity per step, one after the other. */
export async function bare({ of, shape }: { of: string; shape: readonly ShapeStep[] }): Promise<string> {
  for (const [index, step] of shape.entries()) await (step === 'local' ? local : hosts).nothing({ of, index });
  return 'succeeded';
}
