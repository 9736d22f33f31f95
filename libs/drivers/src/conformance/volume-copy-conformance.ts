/** Volumes on their way to another pool and back; part of the suite in driver-conformance.ts. */
import { randomUUID } from 'node:crypto';
import { expect, it, type TestContext } from 'vitest';
import type { PoolSpec, VmSpec, VolumeSpec } from '@durastack/contracts/agent/specs';
import type { VerbParams } from '@durastack/contracts/agent/verbs';
import { DurastackError } from '@durastack/contracts/errors';
import type { MachineScene } from './machine-conformance.js';

const MIB = 2 ** 20;

type Copy = VerbParams<'copyVolume'>;

/** From one pool to the other. */
const copyOf = (volume: VolumeSpec, pool: PoolSpec, vmId?: string): Copy => {
  const { id, sizeBytes } = volume;
  return { copyId: randomUUID(), volume, target: { id, sizeBytes, pool }, ...(vmId === undefined ? {} : { vmId }) };
};

/** On which pools the volume lies. */
async function placesOf(scene: MachineScene, { volume, target }: Copy): Promise<{ source: boolean; target: boolean }> {
  const pools = [volume.pool, target.pool];
  const { volumes } = await scene.caller().call('getInventory', { pools });
  const [source, there] = pools.map(({ id }) => volumes[id]?.includes(volume.id) === true);
  return { source: source === true, target: there === true };
}

function otherPool(scene: MachineScene, context: TestContext): PoolSpec {
  return scene.subject().otherPool ?? context.skip();
}

async function removeAll(scene: MachineScene, { volume, target, vmId }: Copy): Promise<void> {
  if (vmId !== undefined) await scene.caller().call('ensureVmGone', { vmId });
  for (const { pool } of [volume, target])
    await scene.caller().twice('ensureVolumeGone', { volumeId: volume.id, pool });
}

/** Copies, goes over, and leaves the old pool; each verb twice, as after a lost answer. */
async function expectMoved(scene: MachineScene, copy: Copy): Promise<void> {
  await scene.caller().twice('copyVolume', copy);
  expect(await placesOf(scene, copy)).toEqual({ source: true, target: true });
  expect(await scene.caller().twice('switchVolume', copy)).toEqual({});
  await scene.caller().twice('ensureVolumeGone', { volumeId: copy.volume.id, pool: copy.volume.pool });
  expect(await placesOf(scene, copy)).toEqual({ source: false, target: true });
  expect(await scene.caller().twice('switchVolume', copy)).toEqual({});
  await expect(scene.caller().call('discardVolumeCopy', copy)).rejects.toMatchObject({ code: 'CONFLICT' });
}

/** The cases of volumes that are moved. */
export function describeVolumeCopies(scene: MachineScene): void {
  it('moves a volume that no machine has, there and back', async (context) => {
    const pool = otherPool(scene, context);
    const volume: VolumeSpec = { id: randomUUID(), pool: scene.subject().pool, sizeBytes: 8 * MIB };
    await scene.caller().call('ensureVolume', { volume });
    const there = copyOf(volume, pool);
    expect(await scene.caller().call('copyVolume', there)).toEqual({ mirrored: false });
    await expectMoved(scene, there);
    await expectMoved(scene, copyOf(there.target, volume.pool));
    expect(await scene.subject().volumeSizeBytes(volume.id)).toBe(8 * MIB);
    await removeAll(scene, there);
  });

  it('moves the disk of a machine that runs on, there and back, and starts it from where it is', async (context) => {
    const pool = otherPool(scene, context);
    const vm = await scene.makeRunning();
    const there = copyOf(vm.rootVolume, pool, vm.id);
    expect(await scene.caller().call('copyVolume', there)).toEqual({ mirrored: true });
    await expectMoved(scene, there);
    await expectMoved(scene, copyOf(there.target, vm.rootVolume.pool, vm.id));
    await scene.sees(vm.id, 'running');
    await scene.caller().call('ensureVmStopped', { vmId: vm.id });
    const { id, sizeBytes } = vm.rootVolume;
    const back: VmSpec = { ...vm, rootVolume: { id, sizeBytes, pool: vm.rootVolume.pool } };
    expect(await scene.caller().call('ensureVmRunning', { vm: back })).toEqual({ power: 'running' });
    await removeAll(scene, there);
  });

  it('goes over to a copy of a machine that stopped meanwhile', async (context) => {
    const vm = await scene.makeRunning();
    const copy = copyOf(vm.rootVolume, otherPool(scene, context), vm.id);
    await scene.caller().call('copyVolume', copy);
    await scene.subject().powerOffBehindOurBack(vm.id);
    await scene.sees(vm.id, 'off');
    await expectMoved(scene, copy);
    expect(await placesOf(scene, copy)).toEqual({ source: false, target: true });
    await removeAll(scene, copy);
  });
}

/** The cases of volumes that stay where they are. */
export function describeUndoneCopies(scene: MachineScene): void {
  it('leaves nothing of a copy that is discarded or cancelled; the machine keeps its disk', async (context) => {
    const vm = await scene.makeRunning();
    const copy = copyOf(vm.rootVolume, otherPool(scene, context), vm.id);
    await scene.caller().twice('discardVolumeCopy', copy);
    await scene.caller().call('copyVolume', copy);
    await scene.caller().twice('discardVolumeCopy', copy);
    expect(await placesOf(scene, copy)).toEqual({ source: true, target: false });
    const controller = new AbortController();
    controller.abort(new DurastackError('CANCELLED', 'cancelled by the suite'));
    const cancelled = scene.caller().call('copyVolume', copy, { signal: controller.signal });
    await expect(cancelled).rejects.toBeInstanceOf(Error);
    expect(await placesOf(scene, copy)).toEqual({ source: true, target: false });
    await scene.sees(vm.id, 'running');
    await removeAll(scene, copy);
  });

  it('refuses to copy what is not there', async (context) => {
    const volume: VolumeSpec = { id: randomUUID(), pool: scene.subject().pool, sizeBytes: MIB };
    const copy = copyOf(volume, otherPool(scene, context));
    await expect(scene.caller().call('copyVolume', copy)).rejects.toMatchObject({ code: 'STEP_REFUSED' });
    expect(await placesOf(scene, copy)).toEqual({ source: false, target: false });
  });
}
