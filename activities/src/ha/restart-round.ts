/** One round of starting the machines of a lost host elsewhere: what has ended is noted, what is next is asked for. */
import { failOverVirtualMachine } from '@durastack/contracts/compute/fail-over-virtual-machine';
import { isDurastackError } from '@durastack/contracts/errors';
import type { StepRef } from '@durastack/contracts/operations/step';
import { chooseRestarts, nextRoundMs, pauseAfterMs } from '@durastack/model/ha/choose-restarts';
import { acceptVmOperation } from '@durastack/store/compute/accept-vm-operation';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import {
  noteAttempt,
  notePause,
  noteWaiting,
  readLostMachines,
  readRestartLoad,
  recordLost,
  settleLostMachines,
  type LostMachine,
} from '@durastack/store/ha/lost-machines';
import { callerOfOperation } from '@durastack/store/identity/operation-caller';
import { isOpen } from '@durastack/store/operations/children';
import type { OperationRow } from '@durastack/store/operations/operation-row';
import { inStep, noteStep } from '@durastack/store/operations/run';
import { lockRows } from '@durastack/store/operations/state-rows';
import type { ActivityDependencies } from '../dependencies.js';
import { letGoOfVolumes } from './proof/let-go-of-volumes.js';
import { raiseHaAlerts } from './ha-alerts.js';

/** Starts at once: of one lost host, and of all. */
const LIMITS = { here: 10, everywhere: 60 };
/** Machines that a progress text names. */
const NAMED = 3;

type Parts = Pick<ActivityDependencies, 'source' | 'agents'>;

/** What is to be done about a machine now. */
type Turn = 'settle' | 'record' | 'restart' | 'pause' | 'wait';

/** Where a machine of a lost host stands. */
function turnOf(machine: LostMachine, hostId: string): Turn {
  const { vmState, vmHostId, proven, wantsRestart, desiredPower, attempts, childState, due, isBusy } = machine;
  if (childState !== null && isOpen({ state: childState })) return 'wait';
  // Wherever it was started: on the very host that was lost, if that has come back meanwhile, it is not lost.
  if (childState === 'succeeded') return 'settle';
  const hasLeft = vmHostId !== hostId;
  if (hasLeft && (vmHostId !== null || attempts === 0 || vmState !== 'Stopped')) return 'settle';
  if (hasLeft && desiredPower !== 'on') return 'settle';
  if (!proven) return 'wait';
  // What runs on it ends by itself, since every call to the host does; HA comes before what waits behind that.
  const mayRun = vmState === 'Running' || vmState === 'Starting' || vmState === 'Migrating';
  const restarts = wantsRestart && desiredPower === 'on' && (hasLeft || mayRun);
  if (!restarts) return isBusy ? 'wait' : 'record';
  const tried = childState !== null && childState !== 'succeeded';
  if (tried && machine.reason === null && attempts > 0) return 'pause';
  return due ? 'restart' : 'wait';
}

/** What a round left. */
export interface Left {
  /** For people. */
  readonly text: string;
  /** The next round is due after so long. */
  readonly againMs: number;
}

/**
 * Goes one round.
 *
 * @param lostHosts how many are being failed over, this one included
 * @returns undefined: nothing is left
 */
export async function restartRound(
  { source, agents }: Parts,
  step: StepRef,
  lostHosts: number,
): Promise<Left | undefined> {
  const { operation, machines, turns, load } = await inStep(source, step, async (tx, found) => {
    const lost = await readLostMachines(tx, found.id);
    const turnOfEach = new Map(lost.map((machine) => [machine.id, turnOf(machine, found.resource.id)]));
    for (const { id, childError, attempts } of lost)
      if (turnOfEach.get(id) === 'pause')
        await notePause(tx, id, `no start yet: ${childError ?? 'it failed'}`, pauseAfterMs(attempts));
    await settleLostMachines(
      tx,
      lost.flatMap(({ id }) => (turnOfEach.get(id) === 'settle' ? [id] : [])),
    );
    return { operation: found, machines: lost, turns: turnOfEach, load: await readRestartLoad(tx, step) };
  });
  const hostId = operation.resource.id;
  const having = (turn: Turn) => machines.filter(({ id }) => turns.get(id) === turn);
  for (const machine of having('record')) await record({ source, agents }, step, { machine, hostId });
  const chosen = chooseRestarts(having('restart'), load, LIMITS);
  for (const { vmId } of chosen) {
    const machine = machines.find((one) => one.vmId === vmId);
    if (machine) await restart(source, step, { operation, machine });
  }
  await inStep(source, step, (tx) => raiseHaAlerts(tx, hostId));
  const text = whatIsLeft(machines.filter(({ id }) => turns.get(id) !== 'settle'));
  const waiting = having('restart').filter(({ vmId }) => !chosen.some((one) => one.vmId === vmId));
  return text === undefined ? undefined : { text, againMs: nextRoundMs(waiting, load.elsewhere, lostHosts) };
}

function whatIsLeft(left: readonly LostMachine[]): string | undefined {
  const first = left[0];
  if (first === undefined) return undefined;
  const names = left.slice(0, NAMED).map(({ name, reason }) => (reason === null ? name : `${name} (${reason})`));
  return `${left.length} machines are left: ${names.join(', ')}${left.length > NAMED ? ', …' : ''}`.slice(0, 250);
}

/** It is not to be started: it is known to be stopped. Whoever asks for something meanwhile comes before or after. */
async function record(
  { source, agents }: Parts,
  step: StepRef,
  { machine, hostId }: { machine: LostMachine; hostId: string },
): Promise<void> {
  await inStep(source, step, async (tx) => {
    await lockRows(tx, [{ type: 'virtual-machine', id: machine.vmId, mode: 'exclusive' }]);
    const busy = await tx.query(
      "SELECT 1 FROM operation_lock WHERE resource_type = 'virtual-machine' AND resource_id = ? LIMIT 1",
      [machine.vmId],
    );
    if (busy.length > 0) return;
    await recordLost(tx, machine.vmId, hostId);
    await settleLostMachines(tx, [machine.id]);
  });
  await letGoOfVolumes({ source, agents }, { vmId: machine.vmId }, step);
}

interface Restart {
  readonly operation: OperationRow;
  readonly machine: LostMachine;
}

async function restart(source: Parts['source'], step: StepRef, { operation, machine }: Restart): Promise<void> {
  const tx = autocommit(source);
  const [owner] = await tx.query<{ accountId: string; domainId: string; children: number }>(
    `SELECT account_id AS accountId, domain_id AS domainId,
       (SELECT COALESCE(MAX(child_index) + 1, 0) FROM operation WHERE parent_id = ?) AS children FROM virtual_machine WHERE id = ?`,
    [operation.id, machine.vmId],
  );
  if (!owner) return;
  const caller = await callerOfOperation(tx, operation);
  const { accountId, domainId } = owner;
  try {
    await acceptVmOperation(
      source,
      { caller, owner: { accountId, domainId } },
      {
        command: failOverVirtualMachine,
        vmId: machine.vmId,
        input: { lostHostId: operation.resource.id, lostId: machine.id },
        ahead: true,
        parent: { operationId: operation.id, index: Number(owner.children) },
        write: async (inner: Tx) => {
          await noteStep(inner, step);
          await noteAttempt(inner, machine.id);
        },
      },
    );
  } catch (error) {
    if (!isDurastackError(error, 'BUSY') && !isDurastackError(error, 'NOT_FOUND')) throw error;
    await inStep(source, step, (inner) => noteWaiting(inner, machine.id, error.message));
  }
}
