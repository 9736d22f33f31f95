import type { DrsPorts } from '@durastack/contracts/infra/drs.ports';
import { defineSteps, poll, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Moves machines of a cluster as planned, each by an operation of its own, a child of this one.
 *
 * No pivot. If it stops, machines that were moved stay where they are: every state on the way keeps every rule.
 */
export const executeClusterDrsPlanSteps = defineSteps<DrsPorts>([
  undoable('Move machines as planned', { do: poll('moveAsPlanned'), undo: poll('stopMoves') }),
]);

/** See {@link executeClusterDrsPlanSteps}. */
export const executeClusterDrsPlan = operationWorkflow(executeClusterDrsPlanSteps);
