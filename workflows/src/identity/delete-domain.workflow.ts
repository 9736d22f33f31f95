import type { CleanUpPorts } from '@durastack/contracts/identity/clean-up.ports';
import { defineSteps, pivot, poll, quick, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Removes a domain with everything in it.
 *
 * Its projects, accounts and domains each go by an operation of their own, children of this one. Pivot: the row says that it is gone. If anything
 * fails before, it is in use again; what was removed stays removed.
 */
export const deleteDomainSteps = defineSteps<CleanUpPorts>([
  undoable('Let nobody use it', { do: quick('closeOwner'), undo: quick('reopenOwner') }),
  undoable('Remove what is in it', { do: poll('cleanUp'), undo: poll('stopCleanUp') }),
  pivot('Remove it', quick('removeOwner')),
]);

/** See {@link deleteDomainSteps}. */
export const deleteDomain = operationWorkflow(deleteDomainSteps);
