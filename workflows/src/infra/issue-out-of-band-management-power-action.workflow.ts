import type { PowerActionPorts } from '@durastack/contracts/infra/out-of-band-management.ports';
import { defineSteps, nothing, poll, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Switches a host's power by its management controller: reads it, asks for the change, and reads again until it shows.
 *
 * There is no way back from a switch but another one, which nobody asked for: nothing is undone, and an action that
 * does not show in time fails with what the controller says instead.
 */
export const issueOutOfBandManagementPowerActionSteps = defineSteps<PowerActionPorts>([
  undoable('Ask the management controller', { do: poll('readHostPower'), undo: nothing('looking changes nothing') }),
  undoable('Switch the power', {
    do: poll('changeHostPower'),
    undo: nothing('what was switched is not switched back unasked'),
  }),
  undoable('See that it has happened', { do: poll('confirmHostPower'), undo: nothing('looking changes nothing') }),
]);

/** See {@link issueOutOfBandManagementPowerActionSteps}. */
export const issueOutOfBandManagementPowerAction = operationWorkflow(issueOutOfBandManagementPowerActionSteps);
