import { DurastackError, invariant } from '@durastack/contracts/errors';
import type { HostFailOverPorts } from '@durastack/contracts/infra/fail-over.ports';
import { DONE, doneWith, pending, type StepRef } from '@durastack/contracts/operations/step';
import { lookAgainMs } from '@durastack/model/ha/choose-restarts';
import type { Tx } from '@durastack/store/database/transaction';
import { noteHaState } from '@durastack/store/ha/host-ha';
import {
  countLostHosts,
  forgetLostMachines,
  noteLostMachines,
  noteProven,
  noteWaiting,
  readFencedHost,
  readLostMachines,
  type FencedHost,
  type LostMachine,
} from '@durastack/store/ha/lost-machines';
import { inStep } from '@durastack/store/operations/run';
import { transitionIfAllowed } from '@durastack/store/operations/state-rows';
import { beginFence, isFencedBy } from '@durastack/store/proof/begin-fence';
import type { ActivityDependencies } from '../dependencies.js';
import { clearOldCopies } from './carry-out.js';
import { letGo, lookForProof, type ProofLook } from './host-proofs.js';
import { raiseHaAlerts } from './ha-alerts.js';
import { restartRound } from './restart-round.js';

const WITHDRAW_POLL_MS = 1_000;

interface Scene {
  readonly operationId: string;
  /** This one included. */
  readonly lostHosts: number;
  readonly host: FencedHost;
  readonly machines: readonly LostMachine[];
}

/** See {@link HostFailOverPorts}. */
export function createActivities(dependencies: ActivityDependencies): HostFailOverPorts {
  const { source } = dependencies;

  /** Reads it, with what has come to the host meanwhile, as far as `isLost` says that it was lost with it. */
  const readScene = (step: StepRef, isLost: typeof isFencedBy): Promise<Scene> =>
    inStep(source, step, async (tx, { id, resource }) => {
      if (await isLost(tx, { hostId: resource.id, operationId: id })) await noteLostMachines(tx, resource.id, id);
      const host = await readFencedHost(tx, resource.id);
      invariant(host, `The host ${resource.id} has no row.`);
      const lostHosts = await countLostHosts(tx);
      return { operationId: id, lostHosts, host, machines: await readLostMachines(tx, id) };
    });

  /** Looks for proof of what lacks it, and writes down what was found. */
  const prove = async (step: StepRef, { host, machines }: Scene): Promise<ProofLook> => {
    const unproven = machines.filter(({ proven }) => !proven);
    const look = await lookForProof(dependencies, { host, vmIds: unproven.map(({ vmId }) => vmId) }, step);
    const proven = unproven.filter(({ vmId }) => look.isHostDead || look.verdicts.get(vmId)?.isProven === true);
    const missing = unproven.filter((machine) => !proven.includes(machine));
    await inStep(source, step, async (tx) => {
      await noteProven(
        tx,
        proven.map(({ id }) => id),
      );
      for (const { id, vmId } of missing)
        await noteWaiting(
          tx,
          id,
          look.isHeardAgain ? `it runs on there: ${staysShutOut(host)}` : `no proof yet: ${whatIsMissing(look, vmId)}`,
        );
      await raiseHaAlerts(tx, host.id);
    });
    return look;
  };

  return {
    beginFencing: (step) =>
      inStep(source, step, async (tx, { id, resource }) => {
        const host = await readFencedHost(tx, resource.id, true);
        invariant(host, `The host ${resource.id} has no row.`);
        if (host.state !== 'Disconnected' && host.state !== 'Down')
          throw new DurastackError(
            'NOT_ALLOWED_IN_STATE',
            `Host ${host.name} is ${host.state}; only a host that does not report is fenced.`,
          );
        await beginFence(tx, { hostId: host.id, operationId: id });
        await tx.execute('UPDATE host_ha SET operation_id = ? WHERE id = ?', [id, host.id]);
        await noteHaState(tx, host.id, 'Fencing', 'proof is being obtained that its machines are dead');
        await noteLostMachines(tx, host.id, id);
        return DONE;
      }),

    endFencing: (step) =>
      inStep(source, step, async (tx, { id, resource }) => {
        await forgetLostMachines(tx, id);
        const { affectedRows } = await tx.execute(
          'UPDATE host_ha SET operation_id = NULL WHERE id = ? AND operation_id = ?',
          [resource.id, id],
        );
        if (affectedRows > 0)
          await noteHaState(tx, resource.id, 'Suspect', 'it is watched again: fencing it was ended');
        return DONE;
      }),

    async obtainProof(step) {
      const scene = await readScene(step, async () => true);
      const look = await prove(step, scene);
      if (look.isHostDead || [...look.verdicts.values()].some(({ isProven }) => isProven)) return DONE;
      if (look.isHeardAgain)
        throw new DurastackError(
          'NOT_ALLOWED_IN_STATE',
          `Host ${scene.host.name} is heard again; its machines run there, and were left alone.`,
        );
      // Also what an earlier run has proven.
      if (scene.machines.some(({ proven }) => proven)) return DONE;
      const missing = `no proof yet: ${look.missing.join('; ')}`.slice(0, 250);
      return pending(lookAgainMs(scene.lostHosts, 'proof', Math.random()), missing);
    },

    async withdrawFence(step) {
      const hostId = await inStep(source, step, async (_, { resource }) => resource.id);
      const waitingFor = await letGo(dependencies, { hostId, wholly: true }, step);
      return waitingFor === undefined ? DONE : pending(WITHDRAW_POLL_MS, waitingFor);
    },

    declareFenced: (step) =>
      inStep(source, step, async (tx, { id, resource }) => {
        await declareDown(tx, resource.id, id);
        return DONE;
      }),

    async restartMachines(step) {
      // What is deployed on the host once it is used again was never lost.
      const scene = await readScene(step, isFencedBy);
      const look = scene.machines.some(({ proven }) => !proven) ? await prove(step, scene) : undefined;
      if (look?.isHeardAgain) {
        await clearOldCopies(dependencies, scene.host.id, step);
        await inStep(source, step, (tx) => noteHaState(tx, scene.host.id, 'Fencing', staysShutOut(scene.host)));
      }
      await inStep(source, step, (tx, { id, resource }) => declareDown(tx, resource.id, id));
      const left = await restartRound(dependencies, step);
      if (left) return pending(lookAgainMs(scene.lostHosts, left.waitsFor, Math.random()), left.text);
      await inStep(source, step, async (tx, { id, resource }) => {
        // What was never proven dead has left it since: now nothing of it is on the host.
        await declareDown(tx, resource.id, id);
        await forgetLostMachines(tx, id);
      });
      return doneWith(`every machine of ${scene.host.name} runs elsewhere or is known to be stopped`);
    },
  };
}

const whatIsMissing = ({ verdicts }: ProofLook, vmId: string): string =>
  verdicts.get(vmId)?.missing.join('; ') ?? 'not judged';

/** What became of a host that goes on in the same boot, some of its machines having been started elsewhere. */
const staysShutOut = ({ name }: FencedHost): string =>
  `it reports again, but machines of it were started elsewhere, so it takes no others: move away or stop those that run there still (prepareHostForMaintenance), then restart ${name}`;

/**
 * Once nothing of it is unproven, the host is Down: every call to it ends, since its effects are gone. Not so a host
 * that was taken back while a machine still waits for room: what it has now was never proven dead.
 */
async function declareDown(tx: Tx, hostId: string, operationId: string): Promise<void> {
  const [open] = await tx.query<{ n: number }>(
    'SELECT COUNT(*) AS n FROM lost_machine WHERE operation_id = ? AND proven_at IS NULL AND settled = 0',
    [operationId],
  );
  if (Number(open?.n) > 0) return;
  const host = await readFencedHost(tx, hostId, true);
  if (!host || host.state === 'Down' || !(await isFencedBy(tx, { hostId, operationId }))) return;
  if (!(await transitionIfAllowed(tx, { type: 'host', id: hostId }, 'Fenced', { from: host.state }))) return;
  await tx.execute('UPDATE host SET fence_epoch = fence_epoch + 1 WHERE id = ?', [hostId]);
  await noteHaState(tx, hostId, 'Fenced', 'its machines are proven dead and are started elsewhere');
}
