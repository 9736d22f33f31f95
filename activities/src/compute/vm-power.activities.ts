import type { VmPowerPorts } from '@durastack/contracts/compute/vm.ports';
import { isDurastackError } from '@durastack/contracts/errors';
import { DONE, doneWith, pending, type StepOutcome, type StepRef } from '@durastack/contracts/operations/step';
import { forgetOtherHosts, readOtherHosts } from '@durastack/store/compute/given-up-migration';
import { releaseHosts } from '@durastack/store/operations/reservations';
import { inStep, underStep } from '@durastack/store/operations/run';
import { readHolds } from '@durastack/store/proof/volume-holds';
import type { ActivityDependencies } from '../dependencies.js';
import { letGoOf } from '../ha/proof/let-go-of-volumes.js';
import { elapsedMs } from '../run-time.js';
import { readVm, readVmSpec } from './vm-rows.js';

/** How long a guest may take to obey its power button. */
const GRACE_MS = 60_000;
const SHUTDOWN_POLL_MS = 1_000;

/** See {@link VmPowerPorts}. */
export function createActivities(dependencies: ActivityDependencies): VmPowerPorts {
  const { source, box, agents } = dependencies;

  /** The machine's id and host under the step's guard; no host: nothing of it is anywhere. */
  const locate = (step: StepRef) =>
    inStep(source, step, async (tx, operation) => {
      const { id, hostId } = await readVm(tx, operation.resource.id);
      return { vmId: id, hostId, input: operation.input };
    });

  /** What was seen on the host; a fact, so it is recorded whatever the operation does next. */
  const record = (step: StepRef, vmId: string, power: string) =>
    underStep(source, step, (tx) =>
      tx.execute(
        "UPDATE virtual_machine SET observed_power = ?, observed_at = NOW(3), crashed_at = IF(? = 'running', NULL, crashed_at) WHERE id = ?",
        [power, power, vmId],
      ),
    );

  return {
    async startVm(step) {
      const found = await inStep(source, step, async (tx, operation) => {
        if (operation.input['startVm'] === false) return undefined;
        const vmId = operation.resource.id;
        return { ...(await readVmSpec(tx, box, vmId)), holds: await readHolds(tx, { vmId }) };
      });
      if (!found) return DONE;
      await letGoOf(dependencies, found.holds, step);
      try {
        const { power } = await agents.call(found.hostId, 'ensureVmRunning', { vm: found.spec }, step);
        await record(step, found.spec.id, power);
        return DONE;
      } catch (error) {
        // Where there is no way back it has ended with its host, and HA finds it among the lost ones.
        if (step.direction !== 'past-pivot' || !isDurastackError(error, 'HOST_FENCED')) throw error;
        return doneWith('stopped by fencing: its host is lost');
      }
    },

    async removeVmFromHost(step) {
      const { vmId, hostId } = await locate(step);
      if (hostId === null) return DONE;
      // After a migration that was given up something of it may be on two hosts.
      const others = await underStep(source, step, (tx) => readOtherHosts(tx, vmId));
      for (const id of [...others, hostId]) await unlessHostGone(agents.call(id, 'ensureVmGone', { vmId }, step));
      await underStep(source, step, async (tx) => {
        await forgetOtherHosts(tx, vmId);
        await releaseHosts(tx, vmId);
        await tx.execute(
          "UPDATE virtual_machine SET host_id = NULL, last_host_id = ?, observed_power = 'absent', observed_at = NOW(3) WHERE id = ?",
          [hostId, vmId],
        );
      });
      return DONE;
    },

    async shutdownVm(step) {
      const { vmId, hostId, input } = await locate(step);
      if (hostId === null || input['forced'] === true) return DONE;
      const { power } = await agents.call(hostId, 'requestVmShutdown', { vmId }, step);
      if (power === 'off' || power === 'absent') return DONE;
      return withinGrace(await elapsedMs(dependencies, step));
    },

    async powerOffVm(step) {
      const { vmId, hostId } = await locate(step);
      if (hostId === null) return DONE;
      await unlessHostGone(agents.call(hostId, 'ensureVmStopped', { vmId }, step));
      await record(step, vmId, 'off');
      return DONE;
    },
  };
}

/** A removed or fenced host runs nothing any more: what was to be ended there has ended. */
async function unlessHostGone(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isDurastackError(error, 'HOST_FENCED')) throw error;
  }
}

function withinGrace(elapsed: number): StepOutcome {
  if (elapsed >= GRACE_MS) return DONE;
  return pending(SHUTDOWN_POLL_MS, `waiting for the guest, at most ${Math.ceil((GRACE_MS - elapsed) / 1000)} s more`);
}
