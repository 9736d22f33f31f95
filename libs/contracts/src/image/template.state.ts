import { defineStateTable } from '../state-table.js';

/** A template (disk image). */
export const templateStates = defineStateTable({
  resource: 'template',
  initial: ['Downloading'],
  states: {
    Downloading: { description: 'Being fetched, checked and converted.', transitional: true },
    Ready: { description: 'Can be deployed.' },
    Error: {
      description: 'Could not be fetched, was refused, or an operation on it was given up; the reason is its status.',
    },
    Removing: { description: 'Refuses new deploys; is being removed.', transitional: true },
    Removed: { description: 'Gone.', final: true },
  },
  events: {
    Downloaded: { Downloading: 'Ready' },
    DownloadUndone: { Downloading: 'Error' },
    RemoveRequested: { Ready: 'Removing', Error: 'Removing' },
    RemoveUndone: { Removing: 'Ready' },
    Removed: { Removing: 'Removed' },
    GivenUp: { Downloading: 'Error', Removing: 'Error' },
  },
});
