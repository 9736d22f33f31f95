import { randomUUID } from 'node:crypto';
import type { PoolSpec, VmSpec } from '@durastack/contracts/agent/specs';
import { ConformanceCaller } from '../conformance/conformance-subject.js';
import { describeMigrationConformance } from '../conformance/migration-conformance.js';
import type { MigrationSubject } from '../conformance/migration-scene.js';
import type { HostDriver } from '../driver.js';
import { createSimulatorDriver } from './simulator-driver.js';
import { SimulatedWorld } from './world.js';

const pool: PoolSpec = { id: randomUUID(), kind: 'shared-mount-point', path: '/pool' };

const makeVm = (): VmSpec => {
  const id = randomUUID();
  return {
    ...{ id, domainName: `test-${id}`, vcpus: 1, cpuMhz: 500, memoryMib: 64, dataVolumes: [], nics: [] },
    rootVolume: { id: randomUUID(), pool, sizeBytes: 2 ** 26 },
    seed: { instanceId: id, hostname: 'tiny', publicKeys: [] },
  };
};

describeMigrationConformance('simulator', async () => {
  const world = new SimulatedWorld();
  const [here, there] = [randomUUID(), randomUUID()];
  const [source, destination] = [here, there].map((hostId) =>
    createSimulatorDriver({ hostId, world, latency: { transferMs: 300 } }),
  ) as [HostDriver, HostDriver];
  const ownPools: MigrationSubject['ownPools'] = {
    source: { id: randomUUID(), kind: 'directory', path: '/own' },
    destination: { id: randomUUID(), kind: 'directory', path: '/own' },
  };
  await new ConformanceCaller(source).call('ensurePool', { pool: ownPools.source });
  await new ConformanceCaller(destination).call('ensurePool', { pool: ownPools.destination });
  for (const host of [source, destination]) await new ConformanceCaller(host).call('ensurePool', { pool });
  return {
    source,
    destination,
    ownPools,
    digest: async ({ id, pool: on }) => {
      const host = on.id === ownPools.destination.id ? there : here;
      const { partial, writtenBy } = world.content(host, on).volumes[id] ?? {};
      return `${partial === true ? 'part of ' : ''}${writtenBy ?? 'nothing'}`;
    },
    makeVm,
    makeBusyVm: makeVm,
    expectIntact: async () => undefined,
    close: async () => undefined,
  };
});
