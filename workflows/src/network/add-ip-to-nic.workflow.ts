import type { NicAddressPorts } from '@durastack/contracts/compute/nic-address.ports';
import { defineSteps, hostVerb, quick, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Gives an interface one more address.
 *
 * Before: its machine is `Running` or `Stopped`. The host of one that runs lets it speak from the address at once; any
 * other is told by its next start. No pivot: every step can be taken back, so a cancel is heard until the end. If
 * everything fails the interface has the addresses that it had.
 */
export const addIpToNicSteps = defineSteps<NicAddressPorts>([
  undoable('Choose the address', { do: quick('reserveNicAddress'), undo: quick('releaseNicAddress') }),
  undoable('Let the guest speak from it', { do: hostVerb('allowNicAddress'), undo: hostVerb('forbidNicAddress') }),
]);

/** See {@link addIpToNicSteps}. */
export const addIpToNic = operationWorkflow(addIpToNicSteps);
