import type { HostEnrolmentPorts } from '@durastack/contracts/infra/host.ports';
import { defineSteps, hostVerb, nothing, poll, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Adds a host: installs the agent (over SSH), enrols it, learns what it offers.
 *
 * Before: the host's row exists, `Creating`; passwords and tokens are sealed in it and erased by the last step or
 * by the undo. No pivot. If everything fails: `Error`; repeating addHost tries again.
 */
export const addHostSteps = defineSteps<HostEnrolmentPorts>([
  undoable('Install the host agent', { do: poll('installAgent'), undo: hostVerb('uninstallAgent') }),
  undoable('Enrol the host agent', { do: hostVerb('enrolAgent'), undo: hostVerb('forgetEnrolment') }),
  undoable('Learn what the host offers', {
    do: hostVerb('learnHostFacts'),
    undo: nothing('facts about a host that is not used have no effect'),
  }),
]);

/** See {@link addHostSteps}. */
export const addHost = operationWorkflow(addHostSteps);
