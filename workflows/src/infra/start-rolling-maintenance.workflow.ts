import type { RollingMaintenancePorts } from '@durastack/contracts/infra/maintenance.ports';
import { defineSteps, poll, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Maintains hosts one after the other, each by an operation of its own, a child of this one.
 *
 * No pivot. If it stops, hosts that were maintained stay so, and the one that is at it is in use again.
 */
export const startRollingMaintenanceSteps = defineSteps<RollingMaintenancePorts>([
  undoable('Maintain one host after the other', { do: poll('rollHosts'), undo: poll('stopRolling') }),
]);

/** See {@link startRollingMaintenanceSteps}. */
export const startRollingMaintenance = operationWorkflow(startRollingMaintenanceSteps);
