import type { AttentionFailure, OperationPorts, RunRef, StepFailure } from '@durastack/contracts/operations/step';
import { createOperationPorts } from '@durastack/store/operations/run';
import type { ActivityDependencies } from '../dependencies.js';

/** The activities of every operation, each taking one argument as activities do. */
export function createActivities({ source }: ActivityDependencies) {
  const ports: OperationPorts = createOperationPorts(source);
  return {
    beginRun: (run: RunRef) => ports.beginRun(run),
    setDirection: (argument: { run: RunRef; direction: 'past-pivot' | 'undoing'; failure?: StepFailure }) =>
      ports.setDirection(argument.run, argument.direction, argument.failure),
    finishRun: (argument: { run: RunRef; outcome: 'succeeded' | 'undone' }) =>
      ports.finishRun(argument.run, argument.outcome),
    needsAttention: (argument: { run: RunRef; failure: AttentionFailure }) =>
      ports.needsAttention(argument.run, argument.failure),
  };
}
