import type { HostMaintenancePorts } from '@durastack/contracts/infra/maintenance.ports';
import { defineSteps, nothing, pivot, poll, quick, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Empties a host for maintenance.
 *
 * Each machine leaves by an operation of its own, a child of this one. Pivot: the empty host is in maintenance. If
 * anything fails, the host takes machines again; those that have left stay where they are.
 */
export const prepareHostForMaintenanceSteps = defineSteps<HostMaintenancePorts>([
  undoable('Take no new machines', { do: quick('closeHost'), undo: quick('reopenHost') }),
  undoable('See that every machine can leave', { do: poll('checkDrain'), undo: nothing('it only looks') }),
  undoable('Move the machines away', { do: poll('drainHost'), undo: poll('stopDrain') }),
  pivot('Enter maintenance', quick('enterMaintenance')),
]);

/** See {@link prepareHostForMaintenanceSteps}. */
export const prepareHostForMaintenance = operationWorkflow(prepareHostForMaintenanceSteps);
