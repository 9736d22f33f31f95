import type { NicAddressPorts } from '@durastack/contracts/compute/nic-address.ports';
import { defineSteps, hostVerb, pivot, quick, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Takes a secondary address from an interface.
 *
 * Pivot: giving it back, which comes after the guest may no longer speak from it: two guests never may. Until then a
 * failure or a cancel leaves the interface with it.
 */
export const removeIpFromNicSteps = defineSteps<NicAddressPorts>([
  undoable('Keep the guest from it', { do: hostVerb('forbidNicAddress'), undo: hostVerb('allowNicAddress') }),
  pivot('Give the address back', quick('releaseNicAddress')),
]);

/** See {@link removeIpFromNicSteps}. */
export const removeIpFromNic = operationWorkflow(removeIpFromNicSteps);
