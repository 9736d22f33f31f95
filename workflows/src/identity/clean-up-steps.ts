import type { CleanUpPorts } from '@durastack/contracts/identity/clean-up.ports';
import { defineSteps, pivot, poll, quick, undoable } from '@durastack/kit/saga/steps';

/**
 * How something that owns things is removed with all of them.
 *
 * Each goes by an operation of its own, a child of this one. Pivot: the row says that the owner is gone. If anything fails
 * before, it is in use again; what was removed stays removed.
 */
export const cleanUpSteps = defineSteps<CleanUpPorts>([
  undoable('Let nobody use it', { do: quick('closeOwner'), undo: quick('reopenOwner') }),
  undoable('Remove what is in it', { do: poll('cleanUp'), undo: poll('stopCleanUp') }),
  pivot('Remove it', quick('removeOwner')),
]);
