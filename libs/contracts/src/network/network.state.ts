import { defineStateTable } from '../state-table.js';

/** A network. Bridges on hosts come with the first machine that needs them there. */
export const networkStates = defineStateTable({
  resource: 'network',
  initial: ['Allocated'],
  states: {
    Allocated: { description: 'Recorded, and being set up.', transitional: true },
    Implemented: { description: 'Usable.' },
    Removing: { description: 'Refuses new machines; bridges are being removed.', transitional: true },
    Error: { description: 'Could not be set up, or its removal was given up.' },
    Removed: { description: 'Gone.', final: true },
  },
  events: {
    Implemented: { Allocated: 'Implemented' },
    ImplementUndone: { Allocated: 'Error' },
    RemoveRequested: { Implemented: 'Removing', Error: 'Removing' },
    RemoveUndone: { Removing: 'Implemented' },
    Removed: { Removing: 'Removed' },
    GivenUp: { Allocated: 'Error', Removing: 'Error' },
  },
});
