import type { HostReturnPorts } from '@durastack/contracts/infra/fail-over.ports';
import { defineSteps, nothing, pivot, poll, quick, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Takes back a host that was fenced and reports again.
 *
 * Pivot: machines may be placed there. If anything fails before, the host stays `Down`, and as clean as it got.
 */
export const reinstateHostSteps = defineSteps<HostReturnPorts>([
  undoable('See that it reports', { do: quick('beginReturn'), undo: quick('endReturn') }),
  undoable('Clear it of its former machines', {
    do: poll('clearReturnedHost'),
    undo: nothing('what ran there runs elsewhere, or is known to be stopped'),
  }),
  undoable('Lift its fence', { do: poll('liftFence'), undo: nothing('it has nothing left that could do harm') }),
  pivot('Use it again', quick('useHostAgain')),
]);

/** See {@link reinstateHostSteps}. */
export const reinstateHost = operationWorkflow(reinstateHostSteps);
