import { defineStateTable } from '../state-table.js';

/** A volume's life. Root volumes follow their virtual machine's operations; what a data disk is attached to is no state. */
export const volumeStates = defineStateTable({
  resource: 'volume',
  initial: ['Allocated'],
  states: {
    Allocated: { description: 'Recorded; nothing exists on any pool yet.' },
    Ready: { description: 'Exists on its pool.' },
    Destroy: { description: 'Marked for removal with its virtual machine.' },
    Expunged: { description: 'Removed from its pool.', final: true },
  },
  events: {
    Created: { Allocated: 'Ready', Ready: 'Ready' },
    CreateUndone: { Ready: 'Allocated', Allocated: 'Allocated' },
    // One that never came to exist stays Allocated: a recovered machine would otherwise be promised a disk.
    DestroyRequested: { Ready: 'Destroy', Destroy: 'Destroy' },
    Recovered: { Destroy: 'Ready' },
    FoundGone: { Ready: 'Allocated', Destroy: 'Allocated', Allocated: 'Allocated' },
    Expunged: { Ready: 'Expunged', Allocated: 'Expunged', Destroy: 'Expunged' },
  },
});
