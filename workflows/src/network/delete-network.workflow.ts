import type { NetworkPorts } from '@durastack/contracts/network/network.ports';
import { defineSteps, hostVerb, nothing, pivot, quick, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Removes a network that no machine is on.
 *
 * Its state `Removing` refuses new machines. Pivot: removing it from hosts.
 */
export const deleteNetworkSteps = defineSteps<NetworkPorts>([
  undoable('Make sure that no machine is on it', { do: quick('ensureNetworkUnused'), undo: nothing('only looks') }),
  pivot('Remove it from hosts', hostVerb('removeNetworkFromHosts')),
]);

/** See {@link deleteNetworkSteps}. */
export const deleteNetwork = operationWorkflow(deleteNetworkSteps);
