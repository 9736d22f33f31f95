/** Image locks of a simulated data centre: one table for all hosts, as on a file system that passes locks on. */
import { DurastackError } from '@durastack/contracts/errors';
import type { VerbResult } from '@durastack/contracts/agent/verbs';
import type { DriverVerbs } from '../driver.js';
import { disksOf, has } from './plugging.js';
import type { SimulatedWorld } from './world.js';

/** On what every shared directory lies. */
export const SIMULATED_MOUNT = 'simulated #000000000000';

type ImageLockVerbs = Pick<DriverVerbs, 'probeImageLock' | 'ensureVolumeHeld' | 'ensureVolumeLetGo'>;
type Finding = VerbResult<'probeImageLock'>['finding'];

/** The verbs. */
export function imageLockVerbs(world: SimulatedWorld, hostId: string): ImageLockVerbs {
  const isFree = (poolId: string, name: string): boolean => {
    const holder = world.holderOf(poolId, name);
    return holder === undefined || holder === hostId || !world.hasLocks(poolId);
  };
  const letGo = (poolId: string, name: string): void => {
    if (world.holderOf(poolId, name) === hostId) world.setHolder(poolId, name, undefined);
    world.save(hostId);
  };
  const hold = (poolId: string, name: string): boolean => {
    if (!isFree(poolId, name)) return false;
    world.setHolder(poolId, name, hostId);
    world.save(hostId);
    return true;
  };
  return {
    ensureVolumeHeld: async ({ volume }) => {
      if (world.pool(hostId, volume.pool).volumes[volume.id] === undefined)
        throw new DurastackError('STEP_REFUSED', `There is no volume ${volume.id} on pool ${volume.pool.id} to hold.`);
      const inUse = world.hasLocks(volume.pool.id) && isUsed(world, volume.id, volume.pool.id);
      return { held: !inUse && hold(volume.pool.id, volume.id) };
    },
    ensureVolumeLetGo: async ({ volume }) => {
      letGo(volume.pool.id, volume.id);
      return {};
    },
    probeImageLock: async ({ pool, probeId, act }) => {
      const found = (finding: Finding) => ({ finding, mount: SIMULATED_MOUNT });
      if (act === 'hold') return found(hold(pool.id, probeId) ? 'held' : 'refused');
      if (act === 'try') return found(isFree(pool.id, probeId) ? 'opened' : 'refused');
      letGo(pool.id, probeId);
      return found('released');
    },
  };
}

/** A machine of any host has it open: as long as its process lives, whether it runs or stands still. */
function isUsed(world: SimulatedWorld, volumeId: string, poolId: string): boolean {
  return world
    .hostIds()
    .flatMap((id) => Object.values(world.host(id).vms))
    .some((vm) => vm.power !== 'off' && has(vm, volumeId) && disksOf(vm.spec).some(({ pool }) => pool.id === poolId));
}
