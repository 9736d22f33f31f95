import { OVERCOMMIT } from '@durastack/contracts/compute/overcommit';
import { maintainHost } from '@durastack/contracts/infra/maintain-host';
import type { RollingHost } from '@durastack/contracts/infra/rolling-scene';
import { DurastackError } from '@durastack/contracts/errors';
import type { RollingMaintenancePorts } from '@durastack/contracts/infra/maintenance.ports';
import { DONE, pending, type StepRef } from '@durastack/contracts/operations/step';
import { decideRolling } from '@durastack/model/maintenance/decide-rolling';
import { transaction } from '@durastack/store/database/transaction';
import { callerOfOperation } from '@durastack/store/identity/operation-caller';
import { noteRolling, readRollingScene, type RollingRows } from '@durastack/store/infra/rolling-scene';
import { accept } from '@durastack/store/operations/accept';
import { cancelChildren } from '@durastack/store/operations/children';
import type { OperationRow } from '@durastack/store/operations/operation-row';
import { inStep, noteStep } from '@durastack/store/operations/run';
import type { ActivityDependencies } from '../dependencies.js';

const POLL_MS = 1_000;
/** What is decided at once: the next host is asked for without delay when another was passed over. */
const AT_ONCE_MS = 10;

/** What a host offers. */
const withOvercommit = (host: RollingHost): RollingHost => ({
  ...host,
  cpuMhz: host.cpuMhz * OVERCOMMIT.host.cpuOvercommit,
  memoryMib: host.memoryMib - OVERCOMMIT.host.hostMemoryMib,
});

/** See {@link RollingMaintenancePorts}. */
export function createActivities({ source }: ActivityDependencies): RollingMaintenancePorts {
  return {
    async rollHosts(step) {
      const { operation, scene } = await inStep(source, step, async (tx, found) => ({
        operation: found,
        scene: await readRollingScene(tx, found),
      }));
      const decision = decideRolling({ ...scene, clusterHosts: scene.clusterHosts.map(withOvercommit) });
      await inStep(source, step, (tx) =>
        noteRolling(tx, operation.id, { scene, ...(decision.kind === 'skip' ? { skip: decision } : {}) }),
      );
      switch (decision.kind) {
        case 'done':
          return DONE;
        case 'stop':
          throw new DurastackError('CONFLICT', `Rolling maintenance stops. ${decision.reason}`);
        case 'skip':
          return pending(AT_ONCE_MS);
        case 'maintain':
          await maintain(step, operation, scene, decision.hostId);
          break;
        case 'wait':
      }
      const at = scene.targets.findIndex(({ id }) => id === decision.hostId);
      return pending(POLL_MS, `${scene.targets[at]?.name}, ${at + 1} of ${scene.targets.length} hosts`);
    },

    async stopRolling(step) {
      const parent = await inStep(source, step, async (_, { id }) => id);
      const left = await cancelChildren(source, parent, 'the rolling maintenance was not carried through');
      return left.length === 0 ? DONE : pending(POLL_MS, 'the host that is at it is taken back into use');
    },
  };

  async function maintain(step: StepRef, operation: OperationRow, { targets }: RollingRows, hostId: string) {
    const { payload, timeout, localStorage, movesAtOnce } = operation.input;
    const caller = await transaction(source, (tx) => callerOfOperation(tx, operation));
    await accept(source, {
      command: maintainHost,
      caller,
      resource: { type: 'host', id: hostId },
      resourceName: targets.find(({ id }) => id === hostId)?.name ?? hostId,
      ...(operation.zoneId === null ? {} : { zoneId: operation.zoneId }),
      locks: [],
      input: { payload, timeout, localStorage, movesAtOnce },
      parent: { operationId: operation.id, index: targets.findIndex(({ id }) => id === hostId) },
      // A late attempt of a run that is over asks for nothing more.
      write: (tx) => noteStep(tx, step),
    });
  }
}
