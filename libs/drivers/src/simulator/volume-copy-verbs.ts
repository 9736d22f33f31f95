/** Volumes of a simulated host on their way to another pool. */
import type { PoolSpec } from '@durastack/contracts/agent/specs';
import type { VerbParams } from '@durastack/contracts/agent/verbs';
import { DurastackError } from '@durastack/contracts/errors';
import type { DriverVerbs, VerbContext } from '../driver.js';
import { progressText } from '../volume-copy/copy-image.js';
import { judgeCopy, type CopyFacts } from '../volume-copy/judge-copy.js';
import { sleep } from './faults.js';
import { disksOf } from './plugging.js';
import type { SimulatedVm, SimulatedWorld } from './world.js';

type VolumeCopyVerbs = Pick<DriverVerbs, 'copyVolume' | 'switchVolume' | 'discardVolumeCopy'>;
type VolumeCopy = VerbParams<'copyVolume'>;

const PARTS = 10;

/** @param transferMs how long a copy takes, with progress */
export function volumeCopyVerbs(world: SimulatedWorld, hostId: string, transferMs: number): VolumeCopyVerbs {
  const machine = ({ vmId }: VolumeCopy): SimulatedVm | undefined =>
    vmId === undefined ? undefined : world.host(hostId).vms[vmId];
  const volumes = (pool: PoolSpec) => world.pool(hostId, pool).volumes;
  const look = (copy: VolumeCopy): CopyFacts => factsOf(copy, machine(copy), volumes);
  const transfer = async ({ volume, target }: VolumeCopy, { signal, progress }: VerbContext): Promise<void> => {
    const { sizeBytes } = volumes(volume.pool)[volume.id] ?? { sizeBytes: 0 };
    volumes(target.pool)[volume.id] = { sizeBytes, partial: true };
    world.save(hostId);
    for (let part = 0; part < PARTS && transferMs > 0; part += 1) {
      progress((100 * part) / PARTS, progressText('copied', (100 * part) / PARTS, sizeBytes));
      await sleep(transferMs / PARTS, signal);
    }
    signal.throwIfAborted();
  };
  const whole = ({ volume, target }: VolumeCopy): void => {
    delete volumes(target.pool)[volume.id]?.partial;
  };
  const discard = ({ volume, target, vmId }: VolumeCopy): void => {
    if (vmId !== undefined) delete world.host(hostId).vms[vmId]?.mirrors?.[volume.id];
    delete world.content(hostId, target.pool).volumes[volume.id];
    world.save(hostId);
  };
  /** Brings both into step, or copies what nobody writes to. @returns whether a machine has to be switched */
  const bringOver = async (copy: VolumeCopy, context: VerbContext): Promise<boolean> => {
    for (;;) {
      const { id } = copy.volume;
      const verdict = judgeCopy(look(copy));
      switch (verdict) {
        case 'moved':
        case 'in-step':
          return true;
        case 'mirror': {
          await transfer(copy, context);
          const vm = machine(copy);
          if (vm?.power === 'off' || !vm) break;
          vm.mirrors = { ...vm.mirrors, [id]: copy.copyId };
          break;
        }
        case 'at-rest':
          if (volumes(copy.target.pool)[id]?.partial !== true) return false;
          await transfer(copy, context);
          whole(copy);
          return false;
        case 'copy':
          await transfer(copy, context);
          whole(copy);
          return false;
        default:
          throw new DurastackError('STEP_REFUSED', `Volume ${id} cannot be moved here: its state is “${verdict}”.`);
      }
    }
  };
  return {
    copyVolume: async (copy, context) => {
      try {
        const mirrored = await bringOver(copy, context);
        world.save(hostId);
        return { mirrored };
      } catch (error) {
        if (judgeCopy(look(copy)) !== 'moved') discard(copy);
        throw error;
      }
    },
    switchVolume: async (copy, context) => {
      await bringOver(copy, context);
      const vm = machine(copy);
      if (vm && vm.power !== 'off') goOver(vm, copy);
      whole(copy);
      world.save(hostId);
      return {};
    },
    discardVolumeCopy: async (copy) => {
      if (judgeCopy(look(copy)) === 'moved') {
        const text = `Volume ${copy.volume.id} is on pool ${copy.target.pool.id} already: that is its disk now`;
        throw new DurastackError('CONFLICT', `${text}; move it back instead`);
      }
      discard(copy);
      return {};
    },
  };
}

function factsOf(
  { copyId, volume, target }: VolumeCopy,
  vm: SimulatedVm | undefined,
  volumes: (pool: PoolSpec) => Record<string, unknown>,
): CopyFacts {
  const disk = vm && disksOf(vm.spec).find(({ id }) => id === volume.id);
  const runs = vm !== undefined && vm.power !== 'off';
  const at = disk?.pool.id === target.pool.id ? 'target' : disk?.pool.id === volume.pool.id ? 'source' : 'neither';
  return {
    active: runs ? at : 'off',
    defined: vm?.movedBy === copyId && at === 'target',
    job: runs && vm.mirrors?.[volume.id] === copyId ? 'in-step' : 'none',
    sourceExists: volumes(volume.pool)[volume.id] !== undefined,
    targetExists: volumes(target.pool)[volume.id] !== undefined,
  };
}

/** The machine writes to the target alone, and its definition says so. */
function goOver(vm: SimulatedVm, { copyId, volume, target }: VolumeCopy): void {
  const moved = { id: volume.id, pool: target.pool, sizeBytes: volume.sizeBytes };
  const { rootVolume, dataVolumes } = vm.spec;
  if (rootVolume.id === volume.id) vm.spec = { ...vm.spec, rootVolume: { ...moved, sizeBytes: rootVolume.sizeBytes } };
  else
    vm.spec = {
      ...vm.spec,
      dataVolumes: dataVolumes.map((disk) => (disk.volume.id === volume.id ? { ...disk, volume: moved } : disk)),
    };
  vm.movedBy = copyId;
  delete vm.mirrors?.[volume.id];
}
