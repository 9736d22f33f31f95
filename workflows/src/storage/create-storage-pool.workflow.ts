import type { StoragePoolPorts } from '@durastack/contracts/storage/storage-pool.ports';
import { defineSteps, hostVerb, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Makes a directory usable as primary storage: every host in reach creates its folders and proves that it can write.
 *
 * No pivot. If everything fails: `Error`, and the empty folders are gone.
 */
export const createStoragePoolSteps = defineSteps<StoragePoolPorts>([
  undoable('Prove that hosts can write to it', {
    do: hostVerb('ensurePoolOnHosts'),
    undo: hostVerb('removePoolFromHosts'),
  }),
]);

/** See {@link createStoragePoolSteps}. */
export const createStoragePool = operationWorkflow(createStoragePoolSteps);
