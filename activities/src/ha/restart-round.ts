/** One round of starting the machines of a lost host elsewhere: what has ended is noted, what is next is asked for. */
import { failOverVirtualMachine } from '@durastack/contracts/compute/fail-over-virtual-machine';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import type { StepRef } from '@durastack/contracts/operations/step';
import { chooseRestarts, pauseAfterMs, type LookFor } from '@durastack/model/ha/choose-restarts';
import { acceptVmOperation } from '@durastack/store/compute/accept-vm-operation';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import {
  noteAttempt,
  notePause,
  noteWaiting,
  readFirstStarts,
  readLostMachines,
  readStartsUnderWay,
  recordLost,
  settleLostMachines,
  type LostMachine,
} from '@durastack/store/ha/lost-machines';
import { callerOfOperation } from '@durastack/store/identity/operation-caller';
import { isOpen } from '@durastack/store/operations/children';
import { holdLease, releaseLease } from '@durastack/store/operations/lease';
import { readOperation } from '@durastack/store/operations/operation-row';
import { inStep, noteStep } from '@durastack/store/operations/run';
import { lockRows } from '@durastack/store/operations/state-rows';
import type { ActivityDependencies } from '../dependencies.js';
import { letGoOfVolumes } from './proof/let-go-of-volumes.js';
import { raiseHaAlerts } from './ha-alerts.js';

const LIMITS = { ofOne: 10, ofAll: 60 };
/** Who holds it asks for first starts: rounds that asked for the same ones at once would only hinder each other. */
const TURN_LEASE = 'ha-restarts';
/** After this another round has its turn, whatever became of the one that had it. */
const TURN_MS = 10_000;
/** Machines that a progress text names. */
const NAMED = 3;

type Parts = Pick<ActivityDependencies, 'source' | 'agents'>;

/** What is to be done about a machine now. */
type Turn = 'settle' | 'record' | 'restart' | 'pause' | 'wait';

/** What is left to be done about the machines of a lost host. */
export interface Left {
  /** For people. */
  readonly text: string;
  /** What has to come about before there is something to do. */
  readonly waitsFor: LookFor;
}

/** Where a machine of a lost host stands. */
function turnOf(machine: LostMachine): Turn {
  const { hostId, vmState, vmHostId, proven, wantsRestart, desiredPower, attempts, childState, due, isBusy } = machine;
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

/**
 * Goes one round: looks after this host's machines, and, if no other round does so right now, asks for the most important
 * starts of all lost hosts, so that none waits for the round of its own.
 *
 * @returns what is left of this host; undefined: nothing
 */
export async function restartRound({ source, agents }: Parts, step: StepRef): Promise<Left | undefined> {
  const having = (turn: Turn, machines: readonly LostMachine[]) =>
    machines.filter((machine) => turnOf(machine) === turn);
  const { hostId, machines } = await inStep(source, step, async (tx, found) => {
    const lost = await readLostMachines(tx, found.id);
    for (const { id, childError, attempts } of having('pause', lost))
      await notePause(tx, id, `no start yet: ${childError ?? 'it failed'}`, pauseAfterMs(attempts));
    await settleLostMachines(
      tx,
      having('settle', lost).map(({ id }) => id),
    );
    return { hostId: found.resource.id, machines: lost };
  });
  for (const machine of having('record', machines)) await record({ source, agents }, step, machine);
  const again = having('restart', machines).filter(({ attempts }) => attempts > 0);
  await inTurn(source, step, async (hasTurn) => {
    const tx = autocommit(source);
    const first = hasTurn ? having('restart', await readFirstStarts(tx, step.index)) : [];
    if (again.length + first.length === 0) return;
    const chosen = chooseRestarts([...again, ...first], await readStartsUnderWay(tx), LIMITS);
    for (const machine of chosen) await restart(source, step, machine);
  });
  await inStep(source, step, (tx) => raiseHaAlerts(tx, hostId));
  return whatIsLeft(machines.filter((machine) => turnOf(machine) !== 'settle'));
}

/** @param ask told whether this round has the turn to ask for first starts; others wait for theirs until it has ended */
async function inTurn(source: Parts['source'], step: StepRef, ask: (hasTurn: boolean) => Promise<void>): Promise<void> {
  const tx = autocommit(source);
  const holder = step.operationId;
  const hasTurn = await holdLease(tx, { name: TURN_LEASE, holder, ttlMs: TURN_MS });
  try {
    await ask(hasTurn);
  } finally {
    if (hasTurn) await releaseLease(tx, TURN_LEASE, holder);
  }
}

function whatIsLeft(left: readonly LostMachine[]): Left | undefined {
  const first = left[0];
  if (first === undefined) return undefined;
  const names = left.slice(0, NAMED).map(({ name, reason }) => (reason === null ? name : `${name} (${reason})`));
  const text = `${left.length} machines are left: ${names.join(', ')}${left.length > NAMED ? ', …' : ''}`.slice(0, 250);
  return { text, waitsFor: left.every(waitsForItsStart) ? 'starts' : 'trouble' };
}

/** It is being started for the first time, or will be when it is its turn. */
const waitsForItsStart = (machine: LostMachine): boolean =>
  machine.reason === null &&
  (machine.attempts === 0
    ? turnOf(machine) === 'restart'
    : machine.childState !== null && isOpen({ state: machine.childState }));

/** It is not to be started: it is known to be stopped. Whoever asks for something meanwhile comes before or after. */
async function record({ source, agents }: Parts, step: StepRef, machine: LostMachine): Promise<void> {
  await inStep(source, step, async (tx) => {
    await lockRows(tx, [{ type: 'virtual-machine', id: machine.vmId, mode: 'exclusive' }]);
    const busy = await tx.query(
      "SELECT 1 FROM operation_lock WHERE resource_type = 'virtual-machine' AND resource_id = ? LIMIT 1",
      [machine.vmId],
    );
    if (busy.length > 0) return;
    await recordLost(tx, machine.vmId, machine.hostId);
    await settleLostMachines(tx, [machine.id]);
  });
  await letGoOfVolumes({ source, agents }, { vmId: machine.vmId }, step);
}

/** Asks for its start elsewhere, as a child of what fails its host over. */
async function restart(source: Parts['source'], step: StepRef, machine: LostMachine): Promise<void> {
  const tx = autocommit(source);
  const [owner] = await tx.query<{ accountId: string; domainId: string; children: number }>(
    `SELECT account_id AS accountId, domain_id AS domainId,
       (SELECT COALESCE(MAX(child_index) + 1, 0) FROM operation WHERE parent_id = ?) AS children FROM virtual_machine WHERE id = ?`,
    [machine.operationId, machine.vmId],
  );
  const operation = await readOperation(tx, machine.operationId);
  if (!owner || !operation) return;
  const caller = await callerOfOperation(tx, operation);
  const { accountId, domainId } = owner;
  let isLate = false;
  try {
    await acceptVmOperation(
      source,
      { caller, owner: { accountId, domainId } },
      {
        command: failOverVirtualMachine,
        vmId: machine.vmId,
        input: { lostHostId: machine.hostId, lostId: machine.id },
        ahead: true,
        parent: { operationId: machine.operationId, index: Number(owner.children) },
        write: async (inner: Tx) => {
          await noteStep(inner, step);
          isLate = !(await noteAttempt(inner, machine));
          if (isLate) throw new DurastackError('BUSY', `The start of ${machine.name} was asked for by another round.`);
        },
      },
    );
  } catch (error) {
    if (isLate) return;
    if (!isDurastackError(error, 'BUSY') && !isDurastackError(error, 'NOT_FOUND')) throw error;
    await inStep(source, step, (inner) => noteWaiting(inner, machine.id, error.message));
  }
}
