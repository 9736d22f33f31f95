import { OVERCOMMIT } from '@durastack/contracts/compute/overcommit';
import type { MachineNeeds } from '@durastack/contracts/compute/placement';
import type { VmMigrationPorts } from '@durastack/contracts/compute/vm-migration.ports';
import type { VmVolumeMigrationPorts } from '@durastack/contracts/compute/vm-volume-migration.ports';
import { DurastackError, invariant } from '@durastack/contracts/errors';
import { DONE, type StepOutcome, type StepRef } from '@durastack/contracts/operations/step';
import { planRestMove } from '@durastack/model/storage/plan-rest-move';
import { readNeedsToReserve, withWantedPools } from '@durastack/store/compute/placement-needs';
import { readZoneSnapshot } from '@durastack/store/compute/placement-rows';
import type { Tx } from '@durastack/store/database/transaction';
import type { OperationRow } from '@durastack/store/operations/operation-row';
import { inStep, underStep } from '@durastack/store/operations/run';
import type { ActivityDependencies } from '../dependencies.js';
import {
  beginVolumeMove,
  forgetVolumeMoves,
  readMovingVolumes,
  wishesOf,
  type MovingVolume,
} from '../storage/moving-volumes.js';
import { copyRate } from '../storage/copy-rate.js';
import { onHostOr, removeElsewhere, removeVolume } from '../storage/volume-hosts.js';
import { readVolumeSize } from '../storage/volume-sizes.js';
import { sealVolumeTicket, transferVolume } from '../storage/volume-transfer.js';
import { taskOutcome } from '../task-outcome.js';
import { doubtfulHosts } from './doubtful-hosts.js';
import { reserveDestination } from './migration-placement.js';
import { forgetMigration, noteMigration, readMigration, sealTicket } from './migration-rows.js';

/** See {@link VmVolumeMigrationPorts}; the rest of them is what moves a machine alone. */
export function createActivities(
  dependencies: ActivityDependencies,
): Omit<VmVolumeMigrationPorts, keyof VmMigrationPorts> {
  const { source, agents } = dependencies;
  const rate = copyRate(dependencies.settings);
  const read = (step: StepRef) => inStep(source, step, (tx, operation) => readMovingVolumes(tx, operation.id));

  /** As the verbs that copy within one host are told of it. */
  const copyOf = ({ volume, target }: MovingVolume, step: StepRef, vmId: string) => ({
    ...{ copyId: step.operationId, volume, target, vmId },
    ...rate,
  });

  const vmOf = (step: StepRef) => inStep(source, step, async (_tx, operation) => operation.resource.id);

  const discard = async (moving: MovingVolume, step: StepRef): Promise<void> => {
    const { target, hostId, targetHostId, ticketSealed } = moving;
    invariant(
      !moving.switched,
      `The volume ${target.id} was to be removed from the pool ${target.pool.id}, where it is.`,
    );
    if (targetHostId !== null) {
      // Of a running machine, that one's move has ended it.
      if (ticketSealed !== null)
        await onHostOr(agents.call(hostId, 'endVolumeTransfer', { volumeId: target.id }, step), async () => undefined);
      await removeVolume(dependencies, { volumeId: target.id, pool: target.pool, hostId: targetHostId }, step);
      return;
    }
    await onHostOr(agents.call(hostId, 'discardVolumeCopy', copyOf(moving, step, await vmOf(step)), step), () =>
      removeElsewhere(dependencies, { volumeId: target.id, pool: target.pool, hostId }, step),
    );
  };

  /** One that goes along with a running machine is none of this. */
  const copyAtRest = async (one: MovingVolume, step: StepRef, vmId: string): Promise<StepOutcome> => {
    if (one.ticketSealed !== null) return transferVolume(dependencies, { moving: one, rate }, step);
    if (one.targetHostId !== null) return DONE;
    const part = one.volume.id;
    return taskOutcome(await agents.task(one.hostId, 'copyVolume', copyOf(one, step, vmId), { ...step, part }));
  };

  return {
    reserveMoveWithVolumes: (step) =>
      inStep(source, step, async (tx, operation) => {
        // A run that was lost after the pivot begins again from here: by then there may be nothing left to do.
        if (step.direction !== 'forward' || (await isNoted(tx, operation))) return DONE;
        const found = await readNeedsToReserve(tx, operation.resource.id);
        invariant(found, `The virtual machine ${operation.resource.id} has no row.`);
        const needs = withWantedPools(found, wishesOf(operation.input));
        if (operation.input['running'] === true) await reserveRunning(dependencies, tx, { operation, needs });
        else await reserveAtRest(dependencies, tx, { operation, needs });
        return DONE;
      }),

    releaseMoveWithVolumes: (step) =>
      inStep(source, step, async (tx, operation) => {
        await forgetVolumeMoves(tx, operation.id);
        if (await readMigration(tx, operation.resource.id)) await forgetMigration(tx, operation.resource.id);
        return DONE;
      }),

    async prepareVolumeTargets(step) {
      if (step.direction === 'past-pivot') return DONE;
      const moving = await read(step);
      for (const { hostId, target } of moving.filter(({ targetHostId }) => targetHostId === null))
        await agents.call(hostId, 'ensurePool', { pool: target.pool, refuseWhenSilent: true }, step);
      await makeTargets(
        dependencies,
        moving.filter(({ targetHostId }) => targetHostId !== null),
        step,
      );
      return DONE;
    },

    async discardVolumeTargets(step) {
      for (const moving of await read(step)) await discard(moving, step);
      return DONE;
    },

    async copyVolumesAtRest(step): Promise<StepOutcome> {
      if (step.direction === 'past-pivot') return DONE;
      const vmId = await vmOf(step);
      for (const one of await read(step)) {
        const outcome = await copyAtRest(one, step, vmId);
        if (!outcome.done) return outcome;
      }
      return DONE;
    },

    async removeVolumeSources(step) {
      const moving = await read(step);
      for (const { volume, hostId, switched } of moving) {
        invariant(switched, `The volume ${volume.id} was to be removed from the pool ${volume.pool.id}, where it is.`);
        await removeVolume(dependencies, { volumeId: volume.id, pool: volume.pool, hostId }, step);
      }
      await underStep(source, step, (tx) => forgetVolumeMoves(tx, step.operationId));
      return DONE;
    },
  };
}

async function isNoted(tx: Tx, { id, resource }: OperationRow): Promise<boolean> {
  const migration = await readMigration(tx, resource.id);
  return migration?.operationId === id || (await readMovingVolumes(tx, id)).length > 0;
}

async function reserveRunning(
  { box, agents }: ActivityDependencies,
  tx: Tx,
  { operation, needs }: { operation: OperationRow; needs: MachineNeeds },
): Promise<void> {
  const { vmId, hostId: sourceHostId } = needs;
  if (sourceHostId === null)
    throw new DurastackError('NOT_ALLOWED_IN_STATE', `${needs.name} does not run any more; ask for its move again.`);
  const requestedHostId = operation.input['hostId'] as string | undefined;
  const { hostId: destinationHostId } = await reserveDestination(tx, {
    ...{ operationId: operation.id, needs, silent: await doubtfulHosts(tx, agents), withDisks: true },
    ...(requestedHostId === undefined ? {} : { requestedHostId }),
  });
  const ticketSealed = sealTicket(box, vmId);
  await noteMigration(tx, operation.id, { vmId, sourceHostId, destinationHostId, ticketSealed });
}

async function reserveAtRest(
  { box }: Pick<ActivityDependencies, 'box'>,
  tx: Tx,
  { operation, needs }: { operation: OperationRow; needs: MachineNeeds },
): Promise<void> {
  if (needs.hostId !== null)
    throw new DurastackError('NOT_ALLOWED_IN_STATE', `${needs.name} was started meanwhile; ask for its move again.`);
  const requestedHostId = operation.input['hostId'] as string | undefined;
  const plan = planRestMove(await readZoneSnapshot(tx, OVERCOMMIT, needs.zoneId), needs, requestedHostId);
  if (plan.kind === 'refused')
    throw new DurastackError(plan.code, `The disks of ${needs.name} cannot be moved: ${plan.text}.`);
  for (const { disk, poolId: targetPoolId, hostId, targetHostId } of plan.moves) {
    invariant(disk.poolId, `The disk ${disk.volumeId} was planned to move from nowhere.`);
    const { volumeId, sizeBytes, poolId: sourcePoolId } = disk;
    const ticketSealed = targetHostId === null ? null : sealVolumeTicket(box, volumeId);
    const where = { sourcePoolId, targetPoolId, hostId, targetHostId };
    const move = { volumeId, vmId: needs.vmId, sizeBytes, ...where, ticketSealed };
    if (!(await beginVolumeMove(tx, operation.id, move)))
      throw new DurastackError('NO_CAPACITY', `The pool ${targetPoolId} has no room any more.`);
  }
}

/**
 * The other host has room for the disks; those that go along with their machine wait there, empty, as large as its guest
 * sees them. NO_CAPACITY when they would not find room.
 */
async function makeTargets(
  { agents }: ActivityDependencies,
  moving: readonly MovingVolume[],
  step: StepRef,
): Promise<void> {
  const pools = new Map<string, number>();
  for (const { volume, target, hostId, targetHostId, ticketSealed } of moving) {
    invariant(targetHostId, `The volume ${volume.id} goes to no other host.`);
    const size = await readVolumeSize(agents, { hostId, volume }, step);
    const { pool } = target;
    const { availableBytes } = await agents.call(targetHostId, 'ensurePool', { pool, refuseWhenSilent: true }, step);
    const needed = (pools.get(pool.id) ?? 0) + (size.allocatedBytes ?? size.sizeBytes);
    if (needed > availableBytes) {
      const text = `The pool ${pool.id} has ${availableBytes} bytes free on its host, and the disks take ${needed}`;
      throw new DurastackError('NO_CAPACITY', `${text}. Free space there, or choose another pool.`);
    }
    pools.set(pool.id, needed);
    // By itself it is made anew whenever its source comes.
    if (ticketSealed !== null) continue;
    const empty = { id: target.id, pool, sizeBytes: size.sizeBytes };
    await agents.call(targetHostId, 'ensureVolume', { volume: empty }, step);
  }
}
