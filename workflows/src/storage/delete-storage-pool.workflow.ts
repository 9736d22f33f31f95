import type { StoragePoolPorts } from '@durastack/contracts/storage/storage-pool.ports';
import { defineSteps, forwardOnly, hostVerb, nothing, pivot, quick, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Removes an empty pool.
 *
 * Its state `Removing` refuses new claims; then it must be empty. Pivot: removing base images, which are copies.
 */
export const deleteStoragePoolSteps = defineSteps<StoragePoolPorts>([
  undoable('Make sure that no volume is there', { do: quick('ensurePoolEmpty'), undo: nothing('only looks') }),
  pivot('Remove base images of templates', hostVerb('removeTemplatesFromPool')),
  forwardOnly('Make hosts forget it', hostVerb('removePoolFromHosts'), 'its base images are gone'),
  forwardOnly('Give back its name', quick('releasePoolRecords'), 'nothing is left that it could belong to'),
]);

/** See {@link deleteStoragePoolSteps}. */
export const deleteStoragePool = operationWorkflow(deleteStoragePoolSteps);
