import { randomUUID } from 'node:crypto';
import type { PoolSpec } from '@durastack/contracts/agent/specs';
import { expect, it } from 'vitest';
import { ConformanceCaller } from '../conformance/conformance-subject.js';
import { createSimulatorDriver } from './simulator-driver.js';
import { SimulatedWorld } from './world.js';

it('a shared pool that one host has made is there for every other, as its folders are on real ones', async () => {
  const world = new SimulatedWorld();
  const [first, second] = [randomUUID(), randomUUID()].map(
    (hostId) => new ConformanceCaller(createSimulatorDriver({ hostId, world })),
  ) as [ConformanceCaller, ConformanceCaller];
  const pool: PoolSpec = { id: randomUUID(), kind: 'shared-mount-point', path: '/pool' };
  const volume = { id: randomUUID(), pool, sizeBytes: 2 ** 26 };
  await expect(second.call('ensureVolume', { volume })).rejects.toThrow('ensure it first');
  await first.call('ensurePool', { pool });
  await second.call('ensureVolume', { volume });
  expect(await first.call('getVolumeSizes', { volumes: [volume] })).toMatchObject({ sizes: [{ id: volume.id }] });
});
