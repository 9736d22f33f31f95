import { defineStateTable } from '../state-table.js';

/** An operation's life (an asynchronous job, to CloudStack's clients). */
export const operationStates = defineStateTable({
  resource: 'operation',
  initial: ['queued', 'granted'],
  states: {
    queued: { description: 'Accepted; waits for earlier operations on the same resources.' },
    granted: { description: 'Has its locks; a workflow will begin it.' },
    running: { description: 'A workflow acts for it; `direction` says forward, past-pivot or undoing.' },
    succeeded: { description: 'Done.', final: true },
    failed: { description: 'Ended with an error; all effects undone, unless it was given up.', final: true },
    cancelled: { description: 'Ended by request; all effects undone.', final: true },
    skipped: { description: 'Its reason no longer applied when it was granted.', final: true },
    'needs-attention': {
      description: 'An undo, or a step after the pivot, failed for good: keeps its locks until someone decides.',
    },
  },
  events: {
    Granted: { queued: 'granted' },
    Begun: { granted: 'running' },
    RunLost: { running: 'granted' },
    Succeeded: { running: 'succeeded' },
    Failed: { running: 'failed', queued: 'failed', granted: 'failed' },
    Cancelled: { running: 'cancelled', queued: 'cancelled', granted: 'cancelled' },
    Skipped: { running: 'skipped', granted: 'skipped' },
    Stuck: { running: 'needs-attention' },
    RetryRequested: { 'needs-attention': 'granted' },
    GivenUp: { 'needs-attention': 'failed' },
  },
});

/** States in which an operation still has something to do, or holds something. */
export const OPEN_OPERATION_STATES: readonly string[] = Object.entries(operationStates.states).flatMap(([state, of]) =>
  'final' in of ? [] : [state],
);
