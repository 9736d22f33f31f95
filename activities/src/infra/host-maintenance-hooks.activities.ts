import type { MaintenanceHookResult, MaintenanceStage } from '@durastack/contracts/agent/maintenance-hook';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import { DEFAULT_HOOK_S } from '@durastack/contracts/infra/maintain-host';
import type { HostMaintenanceHookPorts } from '@durastack/contracts/infra/maintenance.ports';
import { DONE, doneWith, type StepOutcome, type StepRef } from '@durastack/contracts/operations/step';
import { AVOIDED } from '@durastack/model/maintenance/decide-rolling';
import { inStep } from '@durastack/store/operations/run';
import type { ActivityDependencies } from '../dependencies.js';
import { taskOutcome } from '../task-outcome.js';
import { reopenHost } from './reopen-host.js';

/** See {@link HostMaintenanceHookPorts}. */
export function createActivities({ source, agents }: ActivityDependencies): HostMaintenanceHookPorts {
  const run = async (step: StepRef, stage: MaintenanceStage): Promise<StepOutcome> => {
    const { hostId, input } = await inStep(source, step, async (_, operation) => ({
      hostId: operation.resource.id,
      input: operation.input,
    }));
    const { payload, timeout } = input;
    const status = await agents.task(
      hostId,
      'runMaintenanceHook',
      {
        stage,
        timeoutMs: 1_000 * Number(timeout ?? DEFAULT_HOOK_S),
        ...(typeof payload === 'string' ? { payload } : {}),
      },
      step,
    );
    const outcome = taskOutcome(status);
    if (!outcome.done) return outcome;
    const result = status.result as MaintenanceHookResult;
    if (result.outcome === 'avoid')
      throw new DurastackError(
        AVOIDED,
        `The script ${stage} says that this host is to be passed over: ${result.output}`,
      );
    return result.outcome === 'absent' ? doneWith('the host has none') : DONE;
  };

  return {
    runPreFlight: (step) => run(step, 'PreFlight'),
    runPreMaintenance: (step) => run(step, 'PreMaintenance'),
    runMaintenance: (step) => run(step, 'Maintenance'),
    reopenAfterMaintenance: (step) =>
      inStep(source, step, async (tx, { id, resource }) => {
        await reopenHost(tx, resource.id, id);
        return DONE;
      }),
    async runPostMaintenance(step) {
      try {
        return await run(step, 'PostMaintenance');
      } catch (error) {
        // The host is in use again, whatever its script makes of that.
        if (!isDurastackError(error) || error.retryable || error.code === 'SUPERSEDED') throw error;
        return doneWith(error.message);
      }
    },
  };
}
