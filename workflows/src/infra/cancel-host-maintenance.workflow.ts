import type { HostMaintenancePorts } from '@durastack/contracts/infra/maintenance.ports';
import { defineSteps, pivot, poll } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/** Lets a host take machines again, whatever its maintenance was at. */
export const cancelHostMaintenanceSteps = defineSteps<HostMaintenancePorts>([
  pivot('Take machines again', poll('leaveMaintenance')),
]);

/** See {@link cancelHostMaintenanceSteps}. */
export const cancelHostMaintenance = operationWorkflow(cancelHostMaintenanceSteps);
