import type { HostMaintenanceHookPorts, HostMaintenancePorts } from '@durastack/contracts/infra/maintenance.ports';
import { defineSteps, forwardOnly, nothing, pivot, poll, quick, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Takes a host through a whole maintenance.
 *
 * Each machine leaves by an operation of its own, a child of this one. Pivot: the host takes machines again. If
 * anything fails before, it does so too; those that have left stay where they are, and what scripts did is their
 * owner's to take back.
 */
export const maintainHostSteps = defineSteps<HostMaintenancePorts & HostMaintenanceHookPorts>([
  undoable('Run the script PreFlight', { do: poll('runPreFlight'), undo: nothing('it only looks') }),
  undoable('Take no new machines', { do: quick('closeHost'), undo: quick('reopenHost') }),
  undoable('Run the script PreMaintenance', {
    do: poll('runPreMaintenance'),
    undo: nothing('what a script did only its owner knows'),
  }),
  undoable('See that every machine can leave', { do: poll('checkDrain'), undo: nothing('it only looks') }),
  undoable('Move the machines away', { do: poll('drainHost'), undo: poll('stopDrain') }),
  undoable('Run the script Maintenance', {
    do: poll('runMaintenance'),
    undo: nothing('what a script did only its owner knows'),
  }),
  pivot('Take machines again', quick('reopenAfterMaintenance')),
  forwardOnly('Run the script PostMaintenance', poll('runPostMaintenance'), 'the host is in use again'),
]);

/** See {@link maintainHostSteps}. */
export const maintainHost = operationWorkflow(maintainHostSteps);
