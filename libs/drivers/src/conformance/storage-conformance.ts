import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { VolumeSpec } from '@durastack/contracts/agent/specs';
import { poolParams, type ConformanceScene } from './conformance-subject.js';

const MIB = 2 ** 20;

const newVolume = (scene: ConformanceScene, sizeBytes = 64 * MIB): VolumeSpec => ({
  ...{ id: randomUUID(), pool: scene.subject().pool, sizeBytes },
});

/** Pools and volumes; part of the suite in driver-conformance.ts. */
export function describeStorage(scene: ConformanceScene): void {
  it('tells the size of its pool', async () => {
    const { pool } = scene.subject();
    const { capacityBytes, availableBytes } = await scene.caller().twice('ensurePool', { pool });
    expect(capacityBytes).toBeGreaterThan(0);
    expect(availableBytes).toBeLessThanOrEqual(capacityBytes);
  });

  it('makes a volume once, grows it, and never shrinks it', async () => {
    const volume = newVolume(scene);
    const first = await scene.caller().call('ensureVolume', { volume });
    const second = await scene.caller().call('ensureVolume', { volume });
    expect(second.path).toBe(first.path);
    const size = (): Promise<number | undefined> => scene.subject().volumeSizeBytes(volume.id);
    expect(await size()).toBe(64 * MIB);
    await scene.caller().twice('ensureVolume', { volume: { ...volume, sizeBytes: 128 * MIB } });
    expect(await size()).toBe(128 * MIB);
    await scene.caller().twice('ensureVolume', { volume });
    expect(await size()).toBe(128 * MIB);
    const gone = { volumeId: volume.id, pool: volume.pool };
    expect(await scene.caller().twice('ensureVolumeGone', gone)).toEqual({});
    expect(await size()).toBeUndefined();
    expect(await scene.subject().leftovers(volume.id)).toEqual([]);
  });

  it('bears the removal of a volume and of a pool that never were', async () => {
    const { pool } = scene.subject();
    expect(await scene.caller().twice('ensureVolumeGone', { volumeId: randomUUID(), pool })).toEqual({});
    const never = pool.kind === 'rbd' ? { ...pool } : { ...pool, path: `${pool.path}-never` };
    expect(await scene.caller().twice('ensurePoolGone', { pool: { ...never, id: randomUUID() } })).toEqual({});
  });

  it('refuses a volume over a base image that is not on the pool, and leaves nothing', async () => {
    const volume = { ...newVolume(scene), templateId: randomUUID() };
    await expect(scene.caller().call('ensureVolume', { volume })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await scene.subject().leftovers(volume.id)).toEqual([]);
  });

  it('removes the pool of a volume only when that is gone', async () => {
    const volume = newVolume(scene);
    const { pool } = volume;
    await scene.caller().call('ensureVolume', { volume });
    await scene.caller().twice('ensurePoolGone', { pool });
    await scene.caller().call('ensurePool', poolParams(scene.subject()));
    expect(await scene.subject().volumeSizeBytes(volume.id)).toBe(volume.sizeBytes);
    await scene.caller().call('ensureVolumeGone', { volumeId: volume.id, pool });
  });
}

/** Volumes of directories that are held for nobody; part of the suite in driver-conformance.ts. */
export function describeHeldVolumes(scene: ConformanceScene): void {
  it('holds a volume of a directory for nobody, tries whether locks reach, and lets all go', async () => {
    const volume = newVolume(scene);
    const { pool } = volume;
    if (pool.kind === 'rbd') return;
    await scene.caller().call('ensureVolume', { volume });
    const of = { volume: { ...volume, pool } };
    expect(await scene.caller().twice('ensureVolumeHeld', of)).toEqual({ held: true });
    expect(await scene.caller().twice('ensureVolumeLetGo', of)).toEqual({});
    const probeId = randomUUID();
    const act = (what: 'hold' | 'end') => scene.caller().call('probeImageLock', { pool, probeId, act: what });
    const { finding, mount } = await act('hold');
    expect(finding).toBe('held');
    expect(mount).toMatch(/ #[0-9a-f]{12}$/);
    expect((await act('end')).finding).toBe('released');
    await scene.caller().call('ensureVolumeGone', { volumeId: volume.id, pool });
    expect(await scene.subject().leftovers(volume.id)).toEqual([]);
  });

  it('sees nothing on a pool of a host that never wrote there', async () => {
    const watched = { hostId: randomUUID(), ownId: randomUUID(), pools: [scene.subject().pool], forMs: 0 };
    expect(await scene.caller().call('watchPoolBeats', watched)).toEqual({ seen: [] });
  });

  it('refuses to hold a volume that is not there', async () => {
    const volume = newVolume(scene);
    const { pool } = volume;
    if (pool.kind === 'rbd') return;
    const held = scene.caller().call('ensureVolumeHeld', { volume: { ...volume, pool } });
    await expect(held).rejects.toMatchObject({ code: 'STEP_REFUSED' });
  });
}

/** Templates in stores and on pools; part of the suite in driver-conformance.ts. */
export function describeImages(scene: ConformanceScene): void {
  it('fetches an image, puts it on a pool, builds volumes over it, and removes all that', async () => {
    const { pool, store } = scene.subject();
    const params = scene.subject().fetch(false);
    const { templateId } = params;
    const caller = scene.caller();
    const first = await caller.call('fetchImage', params);
    expect(first.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(await caller.call('fetchImage', params)).toEqual(first);
    const onPool = await caller.twice('ensureTemplateOnPool', { templateId, store, pool });
    expect(onPool.sizeBytes).toBeGreaterThan(0);
    const volume: VolumeSpec = { id: randomUUID(), pool, sizeBytes: MIB, templateId };
    await caller.twice('ensureVolume', { volume });
    // A volume is never smaller than what it is made over.
    expect(await scene.subject().volumeSizeBytes(volume.id)).toBe(Math.max(MIB, first.virtualSizeBytes));
    await caller.twice('ensureVolumeGone', { volumeId: volume.id, pool });
    expect(await caller.twice('ensureTemplateGoneFromPool', { templateId, pool })).toEqual({});
    expect(await caller.twice('ensureImageGone', { templateId, store })).toEqual({});
    expect(await scene.subject().leftovers(templateId)).toEqual([]);
  });

  it('refuses to put on a pool what the store does not have', async () => {
    const { pool, store } = scene.subject();
    const templateId = randomUUID();
    const call = scene.caller().call('ensureTemplateOnPool', { templateId, store, pool });
    await expect(call).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await scene.subject().leftovers(templateId)).toEqual([]);
  });

  it('bears the removal of what never was', async () => {
    const { pool, store } = scene.subject();
    const templateId = randomUUID();
    expect(await scene.caller().twice('ensureImageGone', { templateId, store })).toEqual({});
    expect(await scene.caller().twice('ensureTemplateGoneFromPool', { templateId, pool })).toEqual({});
  });
}

/** Images of volumes; part of the suite in driver-conformance.ts. */
export function describeStoredVolumes(scene: ConformanceScene): void {
  it('stores a volume as an image, which a pool takes as any other', async () => {
    const { pool, store } = scene.subject();
    const caller = scene.caller();
    const templateId = randomUUID();
    const volume: VolumeSpec = { id: randomUUID(), pool, sizeBytes: MIB };
    const storeIt = () => caller.call('storeVolumeImage', { templateId, store, volume });
    await expect(storeIt()).rejects.toMatchObject({ code: 'STEP_REFUSED' });
    expect(await scene.subject().leftovers(templateId)).toEqual([]);
    await caller.call('ensureVolume', { volume });
    const first = await storeIt();
    expect(first).toMatchObject({ virtualSizeBytes: MIB });
    expect(await storeIt()).toEqual(first);
    await caller.call('ensureVolumeGone', { volumeId: volume.id, pool });
    expect((await caller.twice('ensureTemplateOnPool', { templateId, store, pool })).sizeBytes).toBeGreaterThan(0);
    const over: VolumeSpec = { id: randomUUID(), pool, sizeBytes: MIB, templateId };
    await caller.call('ensureVolume', { volume: over });
    expect(await scene.subject().volumeSizeBytes(over.id)).toBe(MIB);
    await caller.call('ensureVolumeGone', { volumeId: over.id, pool });
    await caller.call('ensureTemplateGoneFromPool', { templateId, pool });
    await caller.call('ensureImageGone', { templateId, store });
    expect(await scene.subject().leftovers(templateId)).toEqual([]);
  });
}

/** The cancelling of a fetch; part of the suite in driver-conformance.ts. */
export function describeCancelledFetch(scene: ConformanceScene): void {
  it('leaves nothing of a fetch that is cancelled, and fetches it later', async () => {
    const slow = scene.subject().fetch(true);
    const controller = new AbortController();
    let reports = 0;
    const progress = (): void => {
      reports += 1;
    };
    const fetching = scene.caller().call('fetchImage', slow, { signal: controller.signal, progress });
    fetching.catch(() => undefined);
    await expect.poll(() => reports, { timeout: 10_000, interval: 10 }).toBeGreaterThan(0);
    controller.abort(new DOMException('cancelled', 'AbortError'));
    await expect(fetching).rejects.toBeInstanceOf(Error);
    expect(await scene.subject().leftovers(slow.templateId)).toEqual([]);
    const again = { ...scene.subject().fetch(false), templateId: slow.templateId };
    await scene.caller().call('fetchImage', again);
    await scene.caller().call('ensureImageGone', { templateId: slow.templateId, store: slow.store });
    expect(await scene.subject().leftovers(slow.templateId)).toEqual([]);
  });
}

/** Networks; part of the suite in driver-conformance.ts. */
export function describeNetworks(scene: ConformanceScene): void {
  it('makes a network once and removes it', async (context) => {
    const { network } = scene.subject();
    if (network === undefined) return context.skip();
    const listed = async (): Promise<readonly string[]> =>
      (await scene.caller().call('getInventory', { pools: [] })).networks;
    expect(await scene.caller().twice('ensureNetwork', { network })).toEqual({});
    expect(await listed()).toContain(network.id);
    expect(await scene.caller().twice('ensureNetworkGone', { networkId: network.id })).toEqual({});
    expect(await listed()).not.toContain(network.id);
  });

  it('makes a network that hosts share through tunnels', async (context) => {
    const { fabricNetwork } = scene.subject();
    if (fabricNetwork === undefined) return context.skip();
    const { caller } = scene;
    expect(await caller().twice('ensureNetwork', { network: fabricNetwork })).toEqual({});
    const { vxlan } = fabricNetwork;
    const older = { ...fabricNetwork, ...(vxlan ? { vxlan: { ...vxlan, revision: 0, peers: [] } } : {}) };
    expect(await caller().twice('ensureNetwork', { network: older })).toEqual({});
    expect(await caller().twice('ensureNetworkGone', { networkId: fabricNetwork.id })).toEqual({});
  });

  it('bears the removal of a network that never was', async () => {
    expect(await scene.caller().twice('ensureNetworkGone', { networkId: randomUUID() })).toEqual({});
  });
}
