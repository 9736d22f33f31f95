/** Volumes of a simulated host on their way to another pool. */
import type { PoolSpec } from '@durastack/contracts/agent/specs';
import type { VerbParams } from '@durastack/contracts/agent/verbs';
import { DurastackError } from '@durastack/contracts/errors';
import type { DriverVerbs, VerbContext } from '../driver.js';
import { copyProgress } from '../volume-copy/copy-image.js';
import { judgeCopy, type CopyFacts, type CopyVerdict } from '../volume-copy/judge-copy.js';
import { sleep } from './faults.js';
import { disksOf } from './plugging.js';
import type { SimulatedPool, SimulatedVm, SimulatedVolume, SimulatedWorld } from './world.js';

type VolumeCopyVerbs = Pick<DriverVerbs, 'copyVolume' | 'switchVolume' | 'discardVolumeCopy'>;
type VolumeCopy = VerbParams<'copyVolume'>;

const PARTS = 10;

/** @param transferMs how long a copy takes, with progress */
export function volumeCopyVerbs(world: SimulatedWorld, hostId: string, transferMs: number): VolumeCopyVerbs {
  const copies = new SimulatedCopies(world, hostId, transferMs);
  return {
    copyVolume: async (copy, context) => {
      try {
        return { mirrored: await copies.bringOver(copy, context) };
      } catch (error) {
        if (copies.judge(copy) !== 'moved') copies.discard(copy);
        throw error;
      }
    },
    switchVolume: async (copy, context) => {
      await copies.bringOver(copy, context);
      copies.goOver(copy);
      return {};
    },
    discardVolumeCopy: async (copy) => {
      if (copies.judge(copy) === 'moved') {
        const text = `Volume ${copy.volume.id} is on pool ${copy.target.pool.id} already: that is its disk now`;
        throw new DurastackError('CONFLICT', `${text}; move it back instead`);
      }
      copies.discard(copy);
      return {};
    },
  };
}

class SimulatedCopies {
  constructor(
    private readonly world: SimulatedWorld,
    private readonly hostId: string,
    private readonly transferMs: number,
  ) {}

  judge(copy: VolumeCopy): CopyVerdict {
    return judgeCopy(factsOf(copy, this.machine(copy), (pool) => this.volumes(pool)));
  }

  /** Brings both into step, or copies what nobody writes to. @returns whether a machine has to be switched */
  async bringOver(copy: VolumeCopy, context: VerbContext): Promise<boolean> {
    for (;;) {
      const verdict = this.judge(copy);
      if (verdict === 'moved' || verdict === 'in-step') return true;
      if (verdict === 'mirror') await this.mirror(copy, context);
      else if (verdict === 'at-rest' || verdict === 'copy') return this.copyAtRest(copy, context);
      else
        throw new DurastackError(
          'STEP_REFUSED',
          `Volume ${copy.volume.id} cannot be moved here: its state is “${verdict}”.`,
        );
    }
  }

  /** The machine, if it runs, writes to the target alone, and its definition says so. */
  goOver(copy: VolumeCopy): void {
    const vm = this.machine(copy);
    if (vm && vm.power !== 'off') switchDisk(vm, copy);
    this.complete(copy);
  }

  discard({ volume, target, vmId }: VolumeCopy): void {
    if (vmId !== undefined) delete this.world.host(this.hostId).vms[vmId]?.mirrors?.[volume.id];
    delete this.world.content(this.hostId, target.pool).volumes[volume.id];
    this.world.save(this.hostId);
  }

  private machine({ vmId }: VolumeCopy): SimulatedVm | undefined {
    return vmId === undefined ? undefined : this.world.host(this.hostId).vms[vmId];
  }

  private volumes(pool: PoolSpec): SimulatedPool['volumes'] {
    return this.world.pool(this.hostId, pool).volumes;
  }

  private async mirror(copy: VolumeCopy, context: VerbContext): Promise<void> {
    await this.transfer(copy, context);
    const vm = this.machine(copy);
    if (vm && vm.power !== 'off') vm.mirrors = { ...vm.mirrors, [copy.volume.id]: copy.copyId };
    this.world.save(this.hostId);
  }

  private async copyAtRest(copy: VolumeCopy, context: VerbContext): Promise<false> {
    const there = this.volumes(copy.target.pool)[copy.volume.id];
    if (there === undefined || there.partial === true) await this.transfer(copy, context);
    this.complete(copy);
    return false;
  }

  private async transfer({ volume, target }: VolumeCopy, { signal, progress }: VerbContext): Promise<void> {
    const { sizeBytes, writtenBy }: SimulatedVolume = this.volumes(volume.pool)[volume.id] ?? { sizeBytes: 0 };
    const content = writtenBy === undefined ? {} : { writtenBy };
    this.volumes(target.pool)[volume.id] = { sizeBytes, partial: true, ...content };
    this.world.save(this.hostId);
    for (let part = 0; part < PARTS && this.transferMs > 0; part += 1) {
      progress(...copyProgress('copied', (100 * part) / PARTS, sizeBytes));
      await sleep(this.transferMs / PARTS, signal);
    }
    signal.throwIfAborted();
  }

  private complete({ volume, target }: VolumeCopy): void {
    delete this.volumes(target.pool)[volume.id]?.partial;
    this.world.save(this.hostId);
  }
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

function switchDisk(vm: SimulatedVm, { copyId, volume, target }: VolumeCopy): void {
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
