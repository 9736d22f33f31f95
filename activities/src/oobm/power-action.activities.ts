import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import type { PowerActionPorts } from '@durastack/contracts/infra/out-of-band-management.ports';
import type { ControllerPower, PowerAction, PowerChange } from '@durastack/contracts/infra/power-controller';
import { DONE, pending, type StepOutcome, type StepRef } from '@durastack/contracts/operations/step';
import {
  notePower,
  requireUsedController,
  showController,
  type ControllerRow,
} from '@durastack/store/oobm/controller-rows';
import { inStep } from '@durastack/store/operations/run';
import { noteResult, readResult } from '@durastack/store/operations/step-detail';
import { refuseIfHeldOff } from '@durastack/store/proof/held-off';
import type { ActivityDependencies } from '../dependencies.js';
import { elapsedMs } from '../run-time.js';
import { withLogin } from './controller-login.js';

const POLL_MS = 1_000;
/** Who only asks does not want to wait for long. */
const STATUS_WITHIN_MS = 15_000;

const WANTED: Readonly<Record<PowerChange, ControllerPower>> = {
  ON: 'On',
  CYCLE: 'On',
  RESET: 'On',
  OFF: 'Off',
  SOFT: 'Off',
};

interface Work {
  readonly operationId: string;
  readonly row: ControllerRow;
  readonly action: PowerAction;
  readonly timeoutMs: number;
  /** The change was asked for, by this run or an earlier one. */
  readonly isSent: boolean;
}

/** See {@link PowerActionPorts}. */
export function createActivities({ source, box, controllers }: ActivityDependencies): PowerActionPorts {
  const readWork = (step: StepRef): Promise<Work> =>
    inStep(source, step, async (tx, { id, resource, input }) => {
      const action = input['action'] as PowerAction;
      const [row, noted] = [await requireUsedController(tx, resource.id), await readResult(tx, id)];
      await refuseIfHeldOff(tx, resource.id, action);
      return { operationId: id, row, action, timeoutMs: Number(input['timeoutMs']), isSent: noted !== undefined };
    });

  /** What a controller said; a silent one is asked again until the action's time is over. */
  const ask = async (
    step: StepRef,
    { row, action, timeoutMs }: Work,
    then: (power: ControllerPower) => Promise<StepOutcome>,
  ): Promise<StepOutcome> => {
    const withinMs = action === 'STATUS' ? Math.min(timeoutMs, STATUS_WITHIN_MS) : timeoutMs;
    try {
      const power = await withLogin(box, row, (login) => controllers.read(login));
      await inStep(source, step, (tx) => notePower(tx, row.hostId, power));
      return await then(power);
    } catch (error) {
      if (!isDurastackError(error, 'HOST_UNREACHABLE')) throw error;
      if ((await elapsedMs({ source }, step)) < withinMs) return pending(POLL_MS, error.message);
      throw new DurastackError('STEP_REFUSED', error.message, { cause: error });
    }
  };

  const noteSent = (step: StepRef, { operationId, row, action }: Work): Promise<void> =>
    inStep(source, step, async (tx) => {
      await tx.execute('UPDATE out_of_band_management SET last_action = ? WHERE host_id = ?', [action, row.hostId]);
      await noteResult(tx, operationId, { ...showController(row), action, status: false });
    });

  return {
    async readHostPower(step) {
      const work = await readWork(step);
      return ask(step, work, async (power) => {
        if (power === 'Off' && !work.isSent && (work.action === 'CYCLE' || work.action === 'RESET'))
          throw new DurastackError(
            'NOT_ALLOWED_IN_STATE',
            `${work.row.hostName} is off: ${work.action} needs one that is on; use ON.`,
          );
        return DONE;
      });
    },

    async changeHostPower(step) {
      const work = await readWork(step);
      const { row, action, isSent } = work;
      if (action === 'STATUS' || isSent) return DONE;
      return ask(step, work, async (power) => {
        const isSo = power === WANTED[action] && action !== 'CYCLE' && action !== 'RESET';
        if (!isSo) await withLogin(box, row, (login) => controllers.change(login, action));
        await noteSent(step, work);
        return DONE;
      });
    },

    async confirmHostPower(step) {
      const work = await readWork(step);
      const { row, action, timeoutMs, operationId } = work;
      return ask(step, work, async (power) => {
        if (action !== 'STATUS' && power !== WANTED[action]) {
          if ((await elapsedMs({ source }, step)) < timeoutMs)
            return pending(POLL_MS, `the controller says ${power}, not yet ${WANTED[action]}`);
          throw new DurastackError(
            'STEP_REFUSED',
            `The management controller of ${row.hostName} took ${action}, but after ${timeoutMs / 1000} s it says ${power}, not ${WANTED[action]}.`,
          );
        }
        const description = action === 'STATUS' ? `It says ${power}.` : `${action} was carried out: it says ${power}.`;
        const shown = showController({ ...row, power, lastAction: action });
        await inStep(source, step, (tx) => noteResult(tx, operationId, { ...shown, status: true, description }));
        return DONE;
      });
    },
  };
}
