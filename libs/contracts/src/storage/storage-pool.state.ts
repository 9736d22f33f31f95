import { defineStateTable } from '../state-table.js';

/** A primary-storage pool (datastore). */
export const storagePoolStates = defineStateTable({
  resource: 'storage-pool',
  initial: ['Creating'],
  states: {
    Creating: { description: 'Hosts are checking that they reach it.', transitional: true },
    Up: { description: 'Usable.' },
    Error: { description: 'No host could use it, or an operation on it was given up; it takes nothing new.' },
    Removing: { description: 'Refuses new claims; is being detached.', transitional: true },
    Removed: { description: 'Detached and forgotten.', final: true },
  },
  events: {
    Created: { Creating: 'Up' },
    CreateUndone: { Creating: 'Error' },
    RetryRequested: { Error: 'Creating' },
    RemoveRequested: { Up: 'Removing', Error: 'Removing' },
    RemoveUndone: { Removing: 'Up' },
    Removed: { Removing: 'Removed' },
    GivenUp: { Creating: 'Error', Removing: 'Error' },
  },
});
