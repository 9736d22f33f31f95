import { AWAITS_SOURCE, migrationFigures, type MigrationDestination } from '@durastack/contracts/agent/migration';
import type { VmSpec } from '@durastack/contracts/agent/specs';
import type { TaskStatus } from '@durastack/contracts/agent/verbs';
import type { VmMigrationPorts } from '@durastack/contracts/compute/vm-migration.ports';
import { DurastackError, invariant, isDurastackError } from '@durastack/contracts/errors';
import {
  DONE,
  doneWith,
  PASSED,
  PASSING,
  pending,
  type StepOutcome,
  type StepRef,
} from '@durastack/contracts/operations/step';
import { readNeedsToReserve } from '@durastack/store/compute/placement-needs';
import type { Tx } from '@durastack/store/database/transaction';
import { inStep, underStep } from '@durastack/store/operations/run';
import { noteDetail } from '@durastack/store/operations/step-detail';
import { atTargets, readMovingVolumes, recordVolumeMoves } from '../storage/moving-volumes.js';
import type { ActivityDependencies } from '../dependencies.js';
import { tellHostsOf } from '../network/tell-hosts.js';
import { mayEndSoon, stayNear } from '../stay-near.js';
import { copyRate } from '../storage/copy-rate.js';
import { taskOutcome } from '../task-outcome.js';
import { TICKET_MS } from '../transfer-tickets.js';
import { doubtfulHosts } from './doubtful-hosts.js';
import {
  forgetMigration,
  noteFigures,
  noteLost,
  noteMigration,
  noteNoPostCopy,
  noteOpened,
  readMigration,
  readPostCopyAfterMs,
  recordMemoryLost,
  sealTicket,
  ticketContext,
  type MigrationRow,
} from './migration-rows.js';
import { reserveDestination } from './migration-placement.js';
import { figuresInWords, following, inTheEnd } from './migration-progress.js';
import { judgeSides, type Judged } from './migration-sides.js';
import { readVmSpec } from './vm-rows.js';

const ASK_AGAIN_MS = 1_000;
const POLL_MS = 1_000;
const READ_MS = 20_000;

/** What a step needs to know of the move. */
interface Move {
  readonly row: MigrationRow;
  readonly spec: VmSpec;
  readonly destination: MigrationDestination;
  /** Disks that go along. */
  readonly withVolumes: readonly string[];
}

/** See {@link VmMigrationPorts}. */
export function createActivities(dependencies: ActivityDependencies): VmMigrationPorts {
  const { source, box, agents, settings } = dependencies;
  const rate = copyRate(settings);
  /** Undefined for a machine that is stopped, of which only disks move. */
  const readMove = (step: StepRef): Promise<Move | undefined> =>
    inStep(source, step, async (tx, operation) => {
      const row = await readMigration(tx, operation.resource.id);
      const moving = await readMovingVolumes(tx, operation.id);
      if (!row && moving.length > 0) return undefined;
      invariant(row, `The virtual machine ${operation.resource.id} has no open migration.`);
      const { spec } = await readVmSpec(tx, box, row.vmId, row.destinationHostId);
      const ticket = box.open(row.ticketSealed, ticketContext(row.vmId));
      const withVolumes = moving.map(({ volume }) => volume.id);
      return {
        row,
        spec: atTargets(spec, moving),
        withVolumes,
        destination: { hostId: row.destinationHostId, url: await urlOf(tx, row), ticket },
      };
    });

  const movesDisks = async (step: StepRef): Promise<boolean> =>
    (await inStep(source, step, (tx, operation) => readMovingVolumes(tx, operation.id))).length > 0;

  const rowOf = (step: StepRef) => inStep(source, step, (tx, operation) => readMigration(tx, operation.resource.id));

  /** Asks both; whoever does not answer is asked again, by the step being tried again. */
  const judge = async (row: MigrationRow, step: StepRef): Promise<Judged> =>
    judgeSides(agents, { row, movesDisks: await movesDisks(step) }, step);

  const settle = async (step: StepRef): Promise<StepOutcome> => {
    const row = await rowOf(step);
    if (!row) return DONE;
    const { vmId, sourceHostId, destinationHostId } = row;
    if (row.lost) return PASSED;
    const { verdict, remainingBytes } = await judge(row, step);
    if (verdict === 'arriving') return pending(ASK_AGAIN_MS, following(remainingBytes));
    if (verdict === 'lost') {
      for (const hostId of [sourceHostId, destinationHostId])
        await unlessFenced(agents.call(hostId, 'ensureVmGone', { vmId }, step));
      await underStep(source, step, (tx) => noteLost(tx, vmId));
      return PASSED;
    }
    if (verdict === 'ask-again') return pending(ASK_AGAIN_MS, 'asking both hosts where the machine is');
    if (verdict === 'migrated') return PASSED;
    invariant(step.direction === 'undoing', `The migration of ${vmId} was recorded as done, and it is not.`);
    await unlessFenced(agents.call(destinationHostId, 'ensureVmGone', { vmId }, step));
    if (verdict === 'resume-source') await agents.call(sourceHostId, 'keepVm', { vmId }, step);
    return DONE;
  };

  return {
    reserveMigration: (step) =>
      inStep(source, step, async (tx, operation) => {
        const vmId = operation.resource.id;
        if ((await readMigration(tx, vmId))?.operationId === operation.id) return DONE;
        const needs = await readNeedsToReserve(tx, vmId);
        invariant(needs, `The virtual machine ${vmId} has no row.`);
        // Moved by an earlier attempt of this step's successors; see "quick" steps.
        if (step.direction === 'past-pivot' || needs.hostId === null) return DONE;
        const requestedHostId = operation.input['hostId'] as string | undefined;
        const { hostId: destinationHostId } = await reserveDestination(tx, {
          ...{ operationId: operation.id, needs, silent: await doubtfulHosts(tx, agents) },
          ...(requestedHostId === undefined ? {} : { requestedHostId }),
        });
        await noteMigration(tx, operation.id, {
          ...{ vmId, sourceHostId: needs.hostId, destinationHostId, ticketSealed: sealTicket(box, vmId) },
          postCopyAfterMs: await readPostCopyAfterMs(tx, needs.hostId),
        });
        return DONE;
      }),

    releaseMigration: (step) =>
      inStep(source, step, async (tx, operation) => {
        if (await readMigration(tx, operation.resource.id)) await forgetMigration(tx, operation.resource.id);
        return DONE;
      }),

    async checkMigration(step) {
      if (step.direction === 'past-pivot') return DONE;
      const move = await readMove(step);
      if (!move) return DONE;
      const { row, spec } = move;
      const needs = await agents.readForStep(
        row.sourceHostId,
        'getMigrationNeeds',
        { vmId: row.vmId },
        { step, timeoutMs: READ_MS },
      );
      // It may have gone over already, in an earlier run: the next step finds out.
      if (!needs.running) return DONE;
      const fit = await agents.read(row.destinationHostId, 'checkMigration', { vm: spec, needs }, READ_MS);
      if (!fit.suitable)
        throw new DurastackError(
          'STEP_REFUSED',
          `The chosen host cannot take ${spec.seed.hostname}: it ${fit.reason}.`,
        );
      const { noPostCopy } = fit;
      if (row.postCopyAfterMs !== null && noPostCopy !== undefined)
        await underStep(source, step, async (tx) =>
          noteNoPostCopy(tx, row.vmId, `host ${await nameOf(tx, row.destinationHostId)} ${noPostCopy}`),
        );
      await tellHostsOf(source, agents, row.vmId);
      return DONE;
    },

    async moveVm(step) {
      if (step.direction === 'past-pivot') return settle(step);
      const move = await readMove(step);
      if (!move) return DONE;
      const { row, spec, destination, withVolumes } = move;
      const along = withVolumes.length === 0 ? {} : { withVolumes: [...withVolumes] };
      const afterMs = row.noPostCopy === null ? row.postCopyAfterMs : null;
      if (row.openedGeneration !== step.generation) {
        const { ticket } = destination;
        const granted = {
          vm: spec,
          sourceHostId: row.sourceHostId,
          ticket,
          validForMs: TICKET_MS,
          ...along,
          ...postCopyOf(afterMs, true as const),
        };
        const receiving = await stayNear({
          ask: (waitMs) => agents.task(row.destinationHostId, 'receiveVm', granted, { ...step, waitMs }),
          worthIt: ({ detail }) => detail !== AWAITS_SOURCE,
        });
        if (!onlyAttempt(receiving).done && receiving.detail !== AWAITS_SOURCE)
          return pending(0, 'preparing the destination');
        await underStep(source, step, (tx) => noteOpened(tx, row.vmId, step.generation));
      }
      // The source hears from the destination whether the machine runs there: when it is done, both are.
      const slowly = withVolumes.length === 0 ? {} : rate;
      const sending = {
        vmId: row.vmId,
        destination,
        ...along,
        ...slowly,
        ...postCopyOf(afterMs, { afterMs: afterMs ?? 0 }),
      };
      const task = await stayNear({
        ask: (waitMs) => agents.task(row.sourceHostId, 'sendVm', sending, { ...step, waitMs }),
        worthIt: mayEndSoon,
        show: ({ detail = '', progress }) => noteDetail(source, step, detail, { progress }),
      });
      const sent = onlyAttempt(task);
      if (!sent.done) return pending(mayEndSoon(task) ? 0 : POLL_MS, sent.detail, task.progress);
      const figures = migrationFigures.parse(task.result);
      await underStep(source, step, (tx) => noteFigures(tx, row.vmId, figures));
      if (figures.switchedMs !== undefined) return PASSING;
      return doneWith(figuresInWords({ ...row, ...figures, switchedMs: null }) ?? '', inTheEnd(figures));
    },

    settleMove: settle,

    recordMove: (step) =>
      inStep(source, step, async (tx, operation) => {
        await recordVolumeMoves(tx, operation.id);
        const row = await readMigration(tx, operation.resource.id);
        if (!row) return DONE;
        if (row.lost) {
          await recordMemoryLost(tx, step, row);
          return DONE;
        }
        await tx.execute(
          "UPDATE virtual_machine SET host_id = ?, last_host_id = ?, observed_power = 'running', observed_at = NOW(3) WHERE id = ? AND host_id = ?",
          [row.destinationHostId, row.sourceHostId, row.vmId, row.sourceHostId],
        );
        return DONE;
      }),

    async clearSource(step) {
      const row = await rowOf(step);
      if (!row) return DONE;
      await unlessFenced(agents.call(row.sourceHostId, 'ensureVmGone', { vmId: row.vmId }, step));
      await underStep(source, step, (tx) => forgetMigration(tx, row.vmId));
      const words = figuresInWords(row);
      return words === undefined ? DONE : doneWith(words);
    },
  };
}

/** A ticket is good once: what has failed, for whatever reason, is settled, and not tried again by itself. */
function onlyAttempt(task: TaskStatus): StepOutcome {
  if (task.state !== 'failed') return taskOutcome(task);
  throw new DurastackError('STEP_REFUSED', task.error?.message ?? 'The migration failed without saying why.');
}

/** A parameter of both sides, where post-copy is allowed. */
function postCopyOf<T>(afterMs: number | null, postCopy: T): { postCopy?: T } {
  return afterMs === null ? {} : { postCopy };
}

async function nameOf(tx: Tx, hostId: string): Promise<string> {
  const [host] = await tx.query<{ name: string }>('SELECT name FROM host WHERE id = ?', [hostId]);
  return host?.name ?? hostId;
}

async function urlOf(tx: Tx, { destinationHostId }: MigrationRow): Promise<string> {
  const rows = await tx.query<{ url: string | null }>('SELECT agent_url AS url FROM host WHERE id = ?', [
    destinationHostId,
  ]);
  const url = rows[0]?.url;
  invariant(url, `The host ${destinationHostId} has no agent.`);
  return url;
}

/** Nothing is left on a host that was fenced or removed. */
async function unlessFenced(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isDurastackError(error, 'HOST_FENCED')) throw error;
  }
}
