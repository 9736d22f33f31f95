import { defineStateTable } from '../state-table.js';

/**
 * A virtual machine's life. `desired_power`, `observed_power` and `operation_id` are columns of their own:
 * this is only what the API shows.
 *
 * | column | who sets it |
 * |---|---|
 * | state | `transition()` alone, at begin and end of operations, and the drift repair for facts seen on hosts |
 * | desired_power | acceptance of start, stop, destroy |
 * | observed_power, host_id | activities that saw the effect; heartbeat intake |
 * | operation_id | begin and end of an operation |
 */
export const virtualMachineStates = defineStateTable({
  resource: 'virtual-machine',
  initial: ['Starting', 'Stopped'],
  states: {
    Starting: { description: 'A deploy, start or reboot is accepted and under way.', transitional: true },
    Running: { description: 'The domain runs on its host.' },
    Stopping: { description: 'A stop is under way.', transitional: true },
    Migrating: { description: 'It runs, and is being moved to another host.', transitional: true },
    Stopped: { description: 'No domain runs; the disks are kept.' },
    Destroyed: { description: 'Marked for expunging; it can be recovered until then.' },
    Expunging: { description: 'Disks and records are being removed.', transitional: true },
    Error: {
      description:
        'The deploy failed and was undone, or an operation was given up: then something may be left on the host, which stays noted.',
    },
    Expunged: { description: 'Gone; the row is kept for accounting.', final: true },
  },
  events: {
    StartRequested: { Stopped: 'Starting' },
    RebootRequested: { Running: 'Starting' },
    RebootUndone: { Starting: 'Running' },
    Started: { Starting: 'Running', Running: 'Running' },
    FailOverRequested: { Running: 'Starting', Stopped: 'Starting' },
    StartUndone: { Starting: 'Stopped' },
    DeployUndone: { Starting: 'Error', Stopped: 'Error' },
    CreatedStopped: { Stopped: 'Stopped', Starting: 'Stopped' },
    MigrateRequested: { Running: 'Migrating' },
    Migrated: { Migrating: 'Running' },
    MigrateUndone: { Migrating: 'Running' },
    StopRequested: { Running: 'Stopping', Stopped: 'Stopping' },
    Stopped: { Stopping: 'Stopped' },
    StopUndone: { Stopping: 'Running' },
    DestroyRequested: {
      Running: 'Stopping',
      Stopped: 'Stopping',
      Starting: 'Stopping',
      Stopping: 'Stopping',
      Migrating: 'Stopping',
      Error: 'Stopping',
      Destroyed: 'Destroyed',
    },
    Destroyed: { Stopping: 'Destroyed', Destroyed: 'Destroyed' },
    Recovered: { Destroyed: 'Stopped', Error: 'Stopped' },
    GivenUp: { Starting: 'Error', Migrating: 'Error', Stopping: 'Error', Expunging: 'Error', Stopped: 'Error' },
    ExpungeRequested: {
      Running: 'Expunging',
      Stopped: 'Expunging',
      Starting: 'Expunging',
      Stopping: 'Expunging',
      Migrating: 'Expunging',
      Destroyed: 'Expunging',
      Error: 'Expunging',
      Expunging: 'Expunging',
    },
    Expunged: { Expunging: 'Expunged' },
    PoweredOffOnHost: { Running: 'Stopped', Migrating: 'Stopped' },
    PoweredOnOnHost: { Stopped: 'Running' },
    FoundGone: {
      Starting: 'Error',
      Running: 'Error',
      Migrating: 'Error',
      Stopping: 'Error',
      Stopped: 'Error',
      Destroyed: 'Error',
    },
  },
});
