import { VERBS, type TaskStatus, type VerbParams } from '@durastack/contracts/agent/verbs';
import { DurastackError, invariant } from '@durastack/contracts/errors';
import { DONE, doneWith, type StepRef } from '@durastack/contracts/operations/step';
import type { VolumeMigrationPorts } from '@durastack/contracts/storage/volume-migration.ports';
import { judgeMove, judgeTarget } from '@durastack/model/storage/judge-move';
import type { Tx } from '@durastack/store/database/transaction';
import type { OperationRow } from '@durastack/store/operations/operation-row';
import { claim, releasePools, reservePool } from '@durastack/store/operations/reservations';
import { inStep, underStep } from '@durastack/store/operations/run';
import { noteDetail } from '@durastack/store/operations/step-detail';
import { readMoveTargets, readVolumeToMove } from '@durastack/store/storage/volume-move';
import { readPool } from '../compute/vm-rows.js';
import type { ActivityDependencies } from '../dependencies.js';
import { mayEndSoon, nearOutcome, stayNear } from '../stay-near.js';
import { copyRate } from './copy-rate.js';
import { onHostOr, removeElsewhere, removeVolume } from './volume-hosts.js';

/** See {@link VolumeMigrationPorts}. */
export function createActivities(dependencies: ActivityDependencies): VolumeMigrationPorts {
  const { source, agents } = dependencies;
  const rate = copyRate(dependencies.settings);
  const read = (step: StepRef) => inStep(source, step, readMove);
  return {
    reserveMigrationTarget: (step) =>
      inStep(source, step, async (tx, operation) => {
        // A run that was lost after the pivot begins again from here: by then there may be nothing left to do.
        if (step.direction === 'forward' && !(await readCopy(tx, operation))) await reserve(tx, operation);
        return DONE;
      }),

    releaseMigrationTarget: (step) =>
      inStep(source, step, async (tx, operation) => {
        const copy = await readCopy(tx, operation);
        if (copy) await forget(tx, copy.volumeId, copy.sourcePoolId);
        return DONE;
      }),

    async checkMigrationTarget(step) {
      const move = await read(step);
      if (!move || move.switched) return DONE;
      const { pool } = move.copy.target;
      await agents.call(move.hostId, 'ensurePool', { pool, refuseWhenSilent: true }, step);
      return DONE;
    },

    async copyVolumeToTarget(step) {
      const move = await read(step);
      if (!move || move.switched) return DONE;
      const status = await stayNear({
        ask: (waitMs) => agents.task(move.hostId, 'copyVolume', { ...move.copy, ...rate }, { ...step, waitMs }),
        worthIt: mayEndSoon,
        show: ({ detail = '', progress }) => noteDetail(source, step, detail, { progress }),
      });
      const outcome = nearOutcome(status);
      if (!outcome.done) return outcome;
      const { mirrored } = VERBS.copyVolume.result.parse(status.result);
      await underStep(source, step, (tx) =>
        tx.execute('UPDATE volume_copy SET mirrored = ? WHERE operation_id = ?', [mirrored, step.operationId]),
      );
      const { sizeBytes: totalBytes } = move.copy.target;
      const whole = { processedBytes: totalBytes, remainingBytes: 0, totalBytes };
      return doneWith(`copied ${Math.floor(totalBytes / 2 ** 20)} MiB`, whole);
    },

    async discardVolumeCopy(step) {
      const move = await read(step);
      if (!move) return DONE;
      const { hostId, copy } = move;
      // With the host its QEMU is gone, and so is the mirror; what lies on a pool of others is not.
      await onHostOr(agents.call(hostId, 'discardVolumeCopy', copy, step), async () =>
        removeElsewhere(dependencies, { volumeId: copy.volume.id, pool: copy.target.pool, hostId }, step),
      );
      return DONE;
    },

    async switchToTarget(step) {
      const move = await read(step);
      if (!move || move.switched) return DONE;
      const status = await goOver(dependencies, move, step);
      const outcome = status ? nearOutcome(status) : DONE;
      if (!outcome.done) return outcome;
      const { id } = move.copy.volume;
      await underStep(source, step, (tx) =>
        // Whatever it was made over, on the new pool it stands alone.
        tx.execute('UPDATE volume SET pool_id = ?, template_id = NULL WHERE id = ?', [move.copy.target.pool.id, id]),
      );
      return DONE;
    },

    async removeMigrationSource(step) {
      const move = await read(step);
      if (!move) return DONE;
      const { id, pool } = move.copy.volume;
      invariant(move.switched, `The volume ${id} was to be removed from the pool ${pool.id}, where it is.`);
      await removeVolume(dependencies, { volumeId: id, pool, hostId: move.hostId }, step);
      await underStep(source, step, (tx) => forget(tx, id, move.copy.target.pool.id));
      return DONE;
    },
  };
}

interface CopyRow {
  readonly volumeId: string;
  readonly sourcePoolId: string;
  readonly targetPoolId: string;
  readonly hostId: string;
  readonly vmId: string | null;
  readonly mirrored: number;
}

/** A move that is under way. */
interface Move {
  readonly hostId: string;
  readonly copy: VerbParams<'copyVolume'>;
  /** Whether a running machine has to go over. */
  readonly mirrored: boolean;
  /** The rows name the target. */
  readonly switched: boolean;
}

async function readCopy(tx: Tx, operation: OperationRow): Promise<CopyRow | undefined> {
  const [row] = await tx.query<CopyRow>(
    `SELECT volume_id AS volumeId, source_pool_id AS sourcePoolId, target_pool_id AS targetPoolId, host_id AS hostId, vm_id AS vmId, mirrored
       FROM volume_copy WHERE operation_id = ?`,
    [operation.id],
  );
  return row;
}

async function readMove(tx: Tx, operation: OperationRow): Promise<Move | undefined> {
  const row = await readCopy(tx, operation);
  if (!row) return undefined;
  const [volume] = await tx.query<{ sizeBytes: number; templateId: string | null; poolId: string | null }>(
    'SELECT size_bytes AS sizeBytes, template_id AS templateId, pool_id AS poolId FROM volume WHERE id = ?',
    [row.volumeId],
  );
  invariant(volume, `The volume ${row.volumeId} that is being moved has no row.`);
  const { templateId } = volume;
  const on = { id: row.volumeId, sizeBytes: Number(volume.sizeBytes) };
  return {
    hostId: row.hostId,
    mirrored: row.mirrored === 1,
    switched: volume.poolId === row.targetPoolId,
    copy: {
      copyId: operation.id,
      volume: { ...on, pool: await readPool(tx, row.sourcePoolId), ...(templateId === null ? {} : { templateId }) },
      target: { ...on, pool: await readPool(tx, row.targetPoolId) },
      ...(row.vmId === null ? {} : { vmId: row.vmId }),
    },
  };
}

async function reserve(tx: Tx, operation: OperationRow): Promise<void> {
  const { poolId, live, vmId } = operation.input;
  const volume = await readVolumeToMove(tx, operation.resource.id);
  if ((volume.machine?.id ?? null) !== vmId)
    throw new DurastackError('CONFLICT', `${volume.name} was attached or detached meanwhile; ask for its move again.`);
  const reason = judgeMove(volume, live === true);
  if (reason !== undefined) throw new DurastackError('NOT_ALLOWED_IN_STATE', reason);
  const [target] = await readMoveTargets(tx, volume, String(poolId));
  invariant(target && volume.poolId, `The volume ${volume.id} or the pool ${String(poolId)} is gone.`);
  const { sizeBytes } = volume;
  const refusal = judgeTarget(volume, target);
  if (refusal) throw new DurastackError(refusal.code, `The pool ${target.name} ${refusal.text}.`);
  invariant(target.hostId, `The pool ${target.id} was judged suitable without a host.`);
  if (!(await reservePool(tx, { volumeId: volume.id, poolId: target.id, sizeBytes })))
    throw new DurastackError('NO_CAPACITY', `The pool ${target.name} has no room any more.`);
  await claim(tx, operation.id, [
    { type: 'host', id: target.hostId },
    { type: 'storage-pool', id: target.id },
    { type: 'storage-pool', id: volume.poolId },
  ]);
  await tx.execute('DELETE FROM volume_copy WHERE volume_id = ?', [volume.id]);
  await tx.execute(
    'INSERT INTO volume_copy (volume_id, operation_id, source_pool_id, target_pool_id, host_id, vm_id, created_at) VALUES (?, ?, ?, ?, ?, ?, NOW(3))',
    [volume.id, operation.id, volume.poolId, target.id, target.hostId, vmId],
  );
}

/** The move is over: the volume has room on one pool alone. */
async function forget(tx: Tx, volumeId: string, keptPoolId: string): Promise<void> {
  await releasePools(tx, volumeId, keptPoolId);
  await tx.execute('DELETE FROM volume_copy WHERE volume_id = ?', [volumeId]);
}

/** Nothing to do on the host when nothing ran with the volume while it was copied, nor does now. */
async function goOver(
  { agents }: ActivityDependencies,
  { hostId, copy, mirrored }: Move,
  step: StepRef,
): Promise<TaskStatus | undefined> {
  if (!mirrored) {
    if (copy.vmId === undefined) return undefined;
    const { power } = await agents.call(hostId, 'getVm', { vmId: copy.vmId }, step);
    if (power === 'off' || power === 'absent') return undefined;
  }
  return stayNear({
    ask: (waitMs) => agents.task(hostId, 'switchVolume', copy, { ...step, waitMs }),
    worthIt: () => true,
  });
}
