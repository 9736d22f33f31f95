import type { HostRemovalPorts } from '@durastack/contracts/infra/host.ports';
import { defineSteps, hostVerb, nothing, pivot, quick, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Removes an empty host.
 *
 * Its state `Removing` refuses new claims; then it must be empty. Pivot: revoking its certificate.
 */
export const deleteHostSteps = defineSteps<HostRemovalPorts>([
  undoable('Make sure that nothing runs there', { do: quick('ensureHostEmpty'), undo: nothing('only looks') }),
  undoable('Remove networks from it', {
    do: hostVerb('removeNetworksFromHost'),
    undo: nothing('networks come back with the first machine that needs them'),
  }),
  pivot('Revoke its certificate', quick('revokeHost')),
]);

/** See {@link deleteHostSteps}. */
export const deleteHost = operationWorkflow(deleteHostSteps);
