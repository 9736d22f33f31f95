import { migrateVirtualMachine } from '@durastack/contracts/compute/migrate-virtual-machine';
import { OVERCOMMIT } from '@durastack/contracts/compute/overcommit';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import type { DrsMove } from '@durastack/contracts/infra/drs-moves';
import type { DrsPorts } from '@durastack/contracts/infra/drs.ports';
import { DONE, pending, type StepRef } from '@durastack/contracts/operations/step';
import { decideMoves } from '@durastack/model/drs/decide-moves';
import { judgeHosts } from '@durastack/model/placement/judge-hosts';
import { acceptVmOperation, readNetworksOf } from '@durastack/store/compute/accept-vm-operation';
import { readNeeds } from '@durastack/store/compute/placement-needs';
import { readDestinations } from '@durastack/store/compute/placement-rows';
import { autocommit, transaction, type Tx } from '@durastack/store/database/transaction';
import { callerOfOperation } from '@durastack/store/identity/operation-caller';
import { endDrsPlan, passOver, readChangedHosts, readDrsMoves, readRecovering } from '@durastack/store/infra/drs-plans';
import { cancelChildren } from '@durastack/store/operations/children';
import type { OperationRow } from '@durastack/store/operations/operation-row';
import { inStep, noteStep } from '@durastack/store/operations/run';
import type { ActivityDependencies } from '../dependencies.js';

const POLL_MS = 1_000;
/** Machines that move at the same time: as many as a maintenance moves. */
const AT_ONCE = 2;

/** A plan that is carried out, as its rows tell it. */
interface Scene {
  readonly operation: OperationRow;
  readonly planId: string;
  readonly moves: readonly DrsMove[];
}

/** See {@link DrsPorts}. */
export function createActivities({ source }: ActivityDependencies): DrsPorts {
  return {
    async moveAsPlanned(step) {
      const { scene, changedHosts, recovering } = await inStep(source, step, async (tx, operation) => {
        const found = await readScene(tx, operation);
        const hostIds = found.moves.flatMap(({ fromHostId, toHostId }) => [fromHostId, toHostId]);
        return {
          scene: found,
          changedHosts: await readChangedHosts(tx, [...new Set(hostIds)]),
          recovering: await readRecovering(tx, operation.resource.id),
        };
      });
      const { moves, planId } = scene;
      const decision = decideMoves({ moves, changedHosts, recovering, atOnce: AT_ONCE });
      if (decision.kind === 'stop') throw new DurastackError('CONFLICT', `Balancing stops. ${decision.reason}`);
      if (decision.kind === 'done')
        return inStep(source, step, async (tx, { id }) => {
          await endDrsPlan(tx, id);
          return DONE;
        });
      await inStep(source, step, async (tx) => {
        for (const { position, reason } of decision.passOver) await passOver(tx, { planId, position }, reason);
      });
      for (const position of decision.start) await begin(step, scene, position);
      const open = moves.filter(({ passedOver, childState }) => passedOver === null && childState === null).length;
      return pending(POLL_MS, `${moves.length - open} of ${moves.length} moves have begun`);
    },

    async stopMoves(step) {
      const parent = await inStep(source, step, async (_, { id }) => id);
      const left = await cancelChildren(source, parent, 'the plan that it is part of was not carried through');
      if (left.length > 0) return pending(POLL_MS, `${left.length} moves are being ended`);
      return inStep(source, step, async (tx) => {
        await endDrsPlan(tx, parent);
        return DONE;
      });
    },
  };

  /** Accepts a move that is still possible; another is passed over. */
  async function begin(step: StepRef, { operation, planId, moves }: Scene, position: number): Promise<void> {
    const move = moves.find((one) => one.position === position)!;
    const { vmId, fromHostId, toHostId } = move;
    const tx = autocommit(source);
    const why = (await whyNotNow(tx, move)) ?? (await accepted());
    if (why !== undefined) await inStep(source, step, (inner) => passOver(inner, { planId, position }, why));

    async function accepted(): Promise<string | undefined> {
      const [owner] = await tx.query<{ accountId: string; domainId: string }>(
        'SELECT account_id AS accountId, domain_id AS domainId FROM virtual_machine WHERE id = ?',
        [vmId],
      );
      if (!owner) return 'The machine has gone.';
      const caller = await transaction(source, (inner) => callerOfOperation(inner, operation));
      try {
        await acceptVmOperation(
          source,
          { caller, owner },
          {
            command: migrateVirtualMachine,
            vmId,
            locks: [{ type: 'host', id: toHostId }, ...(await readNetworksOf(tx, vmId))],
            input: { fromHostId, hostId: toHostId },
            parent: { operationId: operation.id, index: position },
            write: async (inner) => {
              // A late attempt of a run that is over asks for nothing more.
              await noteStep(inner, step);
              await refuseBusy(inner, vmId);
            },
          },
        );
        return undefined;
      } catch (error) {
        if (isDurastackError(error, 'NOT_ALLOWED_IN_STATE') || isDurastackError(error, 'NOT_FOUND'))
          return error.message;
        throw error;
      }
    }
  }
}

async function readScene(tx: Tx, operation: OperationRow): Promise<Scene> {
  const plan = await readDrsMoves(tx, operation.id);
  return {
    operation,
    planId: plan?.planId ?? '',
    moves: plan?.moves ?? [],
  };
}

/** Nobody waits behind another operation only to be moved. Called while the machine's row is held. */
async function refuseBusy(tx: Tx, vmId: string): Promise<void> {
  const busy = await tx.query(
    "SELECT 1 FROM operation_lock WHERE resource_type = 'virtual-machine' AND resource_id = ? LIMIT 1",
    [vmId],
  );
  if (busy.length === 0) return;
  throw new DurastackError('NOT_ALLOWED_IN_STATE', 'Another operation is at work on the machine.');
}

/** The placement's judgement at this moment: the plan is as old as the moves before this one. */
async function whyNotNow(tx: Tx, { vmId, toHostId }: Pick<DrsMove, 'vmId' | 'toHostId'>): Promise<string | undefined> {
  const needs = (await readNeeds(tx, [vmId])).get(vmId);
  if (!needs) return 'The machine has gone.';
  const snapshot = await readDestinations(tx, OVERCOMMIT, needs, toHostId);
  const judged = judgeHosts(snapshot, needs, 'migrate').find(({ host }) => host.id === toHostId);
  const [reason] = judged?.reasons ?? [];
  if (!judged || reason) return `The host ${judged?.host.name ?? toHostId} ${reason?.text ?? 'has gone'}.`;
  return judged.storageMotion ? `The host ${judged.host.name} does not reach the pool of a disk.` : undefined;
}
