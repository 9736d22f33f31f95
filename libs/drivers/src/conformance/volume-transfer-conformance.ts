/** Volumes that nothing uses on their way between two hosts' own pools; part of the suite in migration-conformance.ts. */
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { VolumeSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import type { RemoteReceiver } from '../driver.js';
import type { ConformanceCaller } from './conformance-subject.js';
import { Link, type MigrationScene } from './migration-scene.js';

const TICKET = 'x'.repeat(43);

interface Ways {
  readonly source: VolumeSpec;
  readonly target: VolumeSpec;
}

/** A volume on the source's own pool that a guest has written to, and where it goes. */
async function writtenVolume(scene: MigrationScene): Promise<Ways> {
  const { here, there } = await scene.makeRunningOnOwnDisk();
  await scene.from().call('ensureVmGone', { vmId: here.id });
  await scene.to().call('ensureVolumeGone', { volumeId: there.rootVolume.id, pool: there.rootVolume.pool });
  return { source: here.rootVolume, target: there.rootVolume };
}

const isOn = async (host: ConformanceCaller, { id, pool }: VolumeSpec): Promise<boolean> =>
  (await host.call('getInventory', { pools: [pool] })).volumes[pool.id]?.includes(id) === true;

const places = async (scene: MigrationScene, { source, target }: Ways) => ({
  source: await isOn(scene.from(), source),
  target: await isOn(scene.to(), target),
});

/** What is done to the way to the other side, and to the source's half. */
interface Trouble {
  readonly change?: (receiver: RemoteReceiver) => Partial<RemoteReceiver>;
  readonly signal?: AbortSignal;
}

/** The destination's half. */
function receive(scene: MigrationScene, { target }: Ways, link: Link) {
  const stop = new AbortController();
  const params = { volume: target, sourceHostId: randomUUID(), ticket: TICKET, validForMs: 60_000 };
  const receiving = scene.to().call('receiveVolume', params, { admit: link.admit, signal: stop.signal });
  receiving.catch(() => undefined);
  return { receiving, stopReceiving: () => stop.abort(new DurastackError('CANCELLED', 'Stopped.')) };
}

/** Both halves at once, as two agents would run them. */
function transfer(scene: MigrationScene, ways: Ways, { change, signal }: Trouble = {}) {
  const link = new Link();
  const half = receive(scene, ways, link);
  const destination = { hostId: randomUUID(), url: 'agent://127.0.0.1:1', ticket: TICKET };
  const reach = async (): Promise<RemoteReceiver> => {
    const receiver = await link.reach();
    return { ...receiver, ...change?.(receiver) };
  };
  const context = { reach, ...(signal === undefined ? {} : { signal }) };
  const sending = scene.from().call('sendVolume', { volume: ways.source, destination }, context);
  sending.catch(() => undefined);
  return { link, sending, ...half };
}

async function removeBoth(scene: MigrationScene, { source, target }: Ways): Promise<void> {
  await scene.from().twice('ensureVolumeGone', { volumeId: source.id, pool: source.pool });
  await scene.to().twice('ensureVolumeGone', { volumeId: target.id, pool: target.pool });
}

/** The cases. */
export function describeVolumeTransfers(scene: MigrationScene): void {
  describeWhole(scene);
  describeBroken(scene);
  describeRefused(scene);
}

function describeWhole(scene: MigrationScene): void {
  it('sends a volume that nothing uses to the pool of another host: nothing of it is missing there', async () => {
    const ways = await writtenVolume(scene);
    const { receiving, sending } = transfer(scene, ways);
    expect(await sending).toEqual({});
    expect(await receiving).toEqual({});
    expect(await places(scene, ways)).toEqual({ source: true, target: true });
    expect(await scene.digest({ rootVolume: ways.target })).toBe(await scene.digest({ rootVolume: ways.source }));
    // Begun again it starts over, on a new volume, and comes to the same.
    const again = transfer(scene, ways);
    await again.sending;
    await again.receiving;
    expect(await scene.digest({ rootVolume: ways.target })).toBe(await scene.digest({ rootVolume: ways.source }));
    for (const host of [scene.from(), scene.to()]) await host.twice('endVolumeTransfer', { volumeId: ways.source.id });
    await removeBoth(scene, ways);
  });

  it('touches nothing before the source comes: what had arrived stays', async () => {
    const ways = await writtenVolume(scene);
    const first = transfer(scene, ways);
    await first.sending;
    await first.receiving;
    const digest = await scene.digest({ rootVolume: ways.target });
    const never = receive(scene, ways, new Link());
    never.stopReceiving();
    await expect(never.receiving).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await scene.digest({ rootVolume: ways.target })).toBe(digest);
    await removeBoth(scene, ways);
  });
}

function describeBroken(scene: MigrationScene): void {
  it.each(['source', 'destination'] as const)('leaves nothing there when the %s is told to stop', async (side) => {
    const ways = await writtenVolume(scene);
    const stop = new AbortController();
    const begun: { stop?: () => void } = {};
    const change = (receiver: RemoteReceiver): Partial<RemoteReceiver> => ({
      openDiskStream: async () => {
        begun.stop?.();
        return receiver.openDiskStream();
      },
    });
    const { receiving, sending, stopReceiving } = transfer(scene, ways, { change, signal: stop.signal });
    const stopSending = (): void => stop.abort(new DurastackError('CANCELLED', 'Stopped.'));
    begun.stop = side === 'source' ? stopSending : stopReceiving;
    const [received, sent] = await Promise.allSettled([receiving, sending]);
    expect([received.status, sent.status]).toEqual(['rejected', 'rejected']);
    expect(await places(scene, ways)).toEqual({ source: true, target: false });
    await removeBoth(scene, ways);
  });

  it('is begun again when the connection is cut at the end, and not needed when all had come', async () => {
    const ways = await writtenVolume(scene);
    const cut = transfer(scene, ways);
    cut.link.fault = 'before-finish';
    await expect(cut.sending).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
    await expect(cut.receiving).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
    expect(await places(scene, ways)).toEqual({ source: true, target: false });
    const late = transfer(scene, ways);
    late.link.fault = 'after-finish';
    await expect(late.sending).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
    expect(await late.receiving).toEqual({});
    expect(await scene.digest({ rootVolume: ways.target })).toBe(await scene.digest({ rootVolume: ways.source }));
    await removeBoth(scene, ways);
  });
}

function describeRefused(scene: MigrationScene): void {
  it('lets in nothing but the volume of the ticket, once, and no machine', async () => {
    const ways = await writtenVolume(scene);
    const link = new Link();
    const { receiving } = receive(scene, ways, link);
    const receiver = await link.reach();
    const refused = { code: 'FORBIDDEN' };
    const prepare = (description: string) => receiver.prepare({ description, cookie: '' });
    await expect(prepare(randomUUID())).rejects.toMatchObject(refused);
    await expect(receiver.finish({ cookie: 'whole' })).rejects.toMatchObject(refused);
    expect(await places(scene, ways)).toEqual({ source: true, target: false });
    await prepare(ways.target.id);
    await expect(prepare(ways.target.id)).rejects.toMatchObject(refused);
    await expect(receiver.openStream()).rejects.toMatchObject(refused);
    await expect(receiver.beginPostCopy()).rejects.toMatchObject(refused);
    expect(await receiver.finish({ cookie: 'the source has none' })).toEqual({ runs: false, cookie: '' });
    receiver.close();
    await expect(receiving).rejects.toMatchObject({
      code: 'STEP_REFUSED',
      message: expect.stringContaining('the source has none'),
    });
    expect(await places(scene, ways)).toEqual({ source: true, target: false });
    await removeBoth(scene, ways);
  });

  it('refuses to send what is not there, or what a machine is using', async () => {
    const { here, there } = await scene.makeRunningOnOwnDisk();
    const ways = { source: here.rootVolume, target: there.rootVolume };
    const used = transfer(scene, ways);
    await expect(used.sending).rejects.toMatchObject({ code: 'STEP_REFUSED' });
    used.stopReceiving();
    const nowhere = { ...ways.source, id: randomUUID() };
    const absent = transfer(scene, { source: nowhere, target: { ...ways.target, id: nowhere.id } });
    await expect(absent.sending).rejects.toMatchObject({ code: 'STEP_REFUSED' });
    absent.stopReceiving();
    await Promise.allSettled([used.receiving, absent.receiving]);
    expect(await scene.sides(here)).toEqual(['running', 'absent']);
    await scene.removeBoth({ here, there });
  });
}
