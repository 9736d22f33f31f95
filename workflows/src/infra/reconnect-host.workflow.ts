import type { HostEnrolmentPorts } from '@durastack/contracts/infra/host.ports';
import { defineSteps, hostVerb, nothing, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Asks a host's agent anew what the host offers and what runs there.
 *
 * Only looks: there is nothing to undo.
 */
export const reconnectHostSteps = defineSteps<HostEnrolmentPorts>([
  undoable('Ask the host agent', { do: hostVerb('learnHostFacts'), undo: nothing('facts are never undone') }),
]);

/** See {@link reconnectHostSteps}. */
export const reconnectHost = operationWorkflow(reconnectHostSteps);
