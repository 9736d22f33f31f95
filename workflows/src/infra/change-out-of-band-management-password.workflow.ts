import type { ControllerPasswordPorts } from '@durastack/contracts/infra/out-of-band-management.ports';
import { defineSteps, hostVerb, nothing, pivot, poll, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Changes the password of a host's management controller.
 *
 * Both passwords are kept until it is known which one the controller takes. Pivot: the new one was seen to work, and is
 * the only one that is kept. Before it the old one is given back.
 */
export const changeOutOfBandManagementPasswordSteps = defineSteps<ControllerPasswordPorts>([
  undoable('Log in', { do: poll('checkControllerPassword'), undo: hostVerb('forgetControllerPassword') }),
  undoable('Give it the new password', {
    do: poll('changeControllerPassword'),
    undo: nothing('the first step gives the old one back'),
  }),
  pivot('Log in with the new one, and keep it', hostVerb('adoptControllerPassword')),
]);

/** See {@link changeOutOfBandManagementPasswordSteps}. */
export const changeOutOfBandManagementPassword = operationWorkflow(changeOutOfBandManagementPasswordSteps);
