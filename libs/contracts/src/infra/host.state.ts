import { defineStateTable } from '../state-table.js';

/** A host as the control plane sees it. `allocation` (enabled, disabled) is a column of its own. */
export const hostStates = defineStateTable({
  resource: 'host',
  initial: ['Creating'],
  states: {
    Creating: { description: 'The agent is being installed and enrolled.', transitional: true },
    Up: { description: 'The agent reports in time.' },
    Disconnected: { description: 'No heartbeat in time; running machines are not touched.' },
    Down: {
      description:
        'It was fenced: nothing of it runs, or can write to the disks of its machines. It is used again once it has come back clean.',
    },
    Removing: { description: 'Refuses new claims; waits for residents to go.', transitional: true },
    Error: {
      description: 'Adding it failed, or an operation on it was given up; addHost tries again, deleteHost removes it.',
    },
    Removed: { description: 'Revoked and gone.', final: true },
  },
  events: {
    Enrolled: { Creating: 'Up', Up: 'Up', Disconnected: 'Up' },
    EnrolUndone: { Creating: 'Error' },
    RetryRequested: { Error: 'Creating' },
    HeartbeatSeen: { Disconnected: 'Up', Up: 'Up' },
    HeartbeatMissed: { Up: 'Disconnected' },
    ReconnectRequested: { Up: 'Up', Disconnected: 'Disconnected' },
    Fenced: { Up: 'Down', Disconnected: 'Down', Down: 'Down' },
    Returned: { Down: 'Up', Up: 'Up' },
    RemoveRequested: {
      Up: 'Removing',
      Disconnected: 'Removing',
      Down: 'Removing',
      Error: 'Removing',
      Removing: 'Removing',
    },
    RemoveUndone: { Removing: 'Disconnected' },
    Removed: { Removing: 'Removed' },
    GivenUp: { Creating: 'Error', Removing: 'Error' },
  },
});
