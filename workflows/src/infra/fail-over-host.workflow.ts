import type { HostFailOverPorts } from '@durastack/contracts/infra/fail-over.ports';
import { defineSteps, forwardOnly, pivot, poll, quick, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Fences a silent host, and starts its machines elsewhere by operations of their own, children of this one.
 *
 * Pivot: the first proof is written down. Before it, a host that is heard again ends all of this, and a cancel too: the
 * host is let go. After it there is only forward; a machine that lacks proof or room is waited for.
 */
export const failOverHostSteps = defineSteps<HostFailOverPorts>([
  undoable('Write down what was on the host', { do: quick('beginFencing'), undo: quick('endFencing') }),
  undoable('Prove that its machines are dead', { do: poll('obtainProof'), undo: poll('withdrawFence') }),
  pivot('Declare it fenced', quick('declareFenced')),
  forwardOnly('Start its machines elsewhere', poll('restartMachines'), 'their old copies are dead'),
]);

/** See {@link failOverHostSteps}. */
export const failOverHost = operationWorkflow(failOverHostSteps);
