import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import type { ControllerPasswordPorts } from '@durastack/contracts/infra/out-of-band-management.ports';
import type { ControllerLogin } from '@durastack/contracts/infra/power-controller';
import { DONE, doneWith, pending, type StepOutcome, type StepRef } from '@durastack/contracts/operations/step';
import {
  controllerSecretContext,
  readController,
  requireUsedController,
  sealCandidates,
  showController,
  type ControllerRow,
} from '@durastack/store/oobm/controller-rows';
import { inStep } from '@durastack/store/operations/run';
import { noteResult } from '@durastack/store/operations/step-detail';
import type { ActivityDependencies } from '../dependencies.js';
import { elapsedMs } from '../run-time.js';
import { loginsOf, withLogin } from './controller-login.js';

const POLL_MS = 2_000;
/** So long a controller may be silent. */
const WITHIN_MS = 120_000;

/** See {@link ControllerPasswordPorts}. */
export function createActivities({ source, box, controllers }: ActivityDependencies): ControllerPasswordPorts {
  const readRow = (step: StepRef): Promise<ControllerRow> =>
    inStep(source, step, (tx, { resource }) => requireUsedController(tx, resource.id));

  /** Whether the controller takes this password. */
  const takes = async (candidate: ControllerLogin): Promise<boolean> => {
    try {
      await controllers.read(candidate);
      return true;
    } catch (error) {
      if (isDurastackError(error, 'FORBIDDEN')) return false;
      throw error;
    }
  };

  /** A controller that does not answer for long ends the change. */
  const patiently = async (step: StepRef, body: () => Promise<unknown>): Promise<StepOutcome> => {
    try {
      await body();
      return DONE;
    } catch (error) {
      if (!isDurastackError(error, 'HOST_UNREACHABLE')) throw error;
      if ((await elapsedMs({ source }, step)) < WITHIN_MS) return pending(POLL_MS, error.message);
      throw new DurastackError('STEP_REFUSED', error.message, { cause: error });
    }
  };

  return {
    async checkControllerPassword(step) {
      const row = await readRow(step);
      return patiently(step, () => withLogin(box, row, (candidate) => controllers.read(candidate)));
    },

    async changeControllerPassword(step) {
      const row = await readRow(step);
      const { next } = loginsOf(box, row);
      // An earlier run has come further.
      if (next === undefined) return DONE;
      return patiently(step, async () => {
        if (!(await takes(next)))
          await withLogin(box, row, (candidate) => controllers.changePassword(candidate, next.password));
      });
    },

    async forgetControllerPassword(step) {
      const row = await inStep(source, step, (tx, { resource }) => readController(tx, resource.id));
      if (row === undefined) return DONE;
      const { present, next, leftover } = loginsOf(box, row);
      if (next === undefined) return DONE;
      try {
        if (await takes(next)) await controllers.changePassword(next, present.password);
      } catch (error) {
        // Either may be the right one from now on, and both are tried.
        if (isDurastackError(error)) return doneWith(`which password counts could not be found out: ${error.message}`);
        throw error;
      }
      await inStep(source, step, (tx) =>
        tx.execute('UPDATE out_of_band_management SET next_password_sealed = ? WHERE host_id = ?', [
          sealCandidates(box, row.hostId, leftover === undefined ? [] : [leftover.password]),
          row.hostId,
        ]),
      );
      return DONE;
    },

    async adoptControllerPassword(step) {
      const row = await inStep(source, step, (tx, { resource }) => readController(tx, resource.id));
      const next = row && loginsOf(box, row).next;
      // An earlier run has come so far.
      if (row === undefined || next === undefined) return DONE;
      if (!(await takes(next)))
        throw new DurastackError(
          'STEP_REFUSED',
          `The management controller of ${row.hostName} does not take its new password.`,
        );
      await inStep(source, step, async (tx, { id }) => {
        await tx.execute(
          'UPDATE out_of_band_management SET password_sealed = ?, next_password_sealed = NULL WHERE host_id = ? AND next_password_sealed = ?',
          [box.seal(next.password, controllerSecretContext(row.hostId)), row.hostId, row.nextPasswordSealed],
        );
        await noteResult(tx, id, { ...showController(row), status: true, description: 'It takes the new password.' });
      });
      return DONE;
    },
  };
}
