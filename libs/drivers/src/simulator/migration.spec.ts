import { randomUUID } from 'node:crypto';
import type { PoolSpec } from '@durastack/contracts/agent/specs';
import { ConformanceCaller } from '../conformance/conformance-subject.js';
import { describeMigrationConformance } from '../conformance/migration-conformance.js';
import type { HostDriver } from '../driver.js';
import { createSimulatorDriver } from './simulator-driver.js';
import { SimulatedWorld } from './world.js';

const pool: PoolSpec = { id: randomUUID(), kind: 'shared-mount-point', path: '/pool' };

describeMigrationConformance('simulator', async () => {
  const world = new SimulatedWorld();
  const [source, destination] = [0, 1].map(() => createSimulatorDriver({ hostId: randomUUID(), world })) as [
    HostDriver,
    HostDriver,
  ];
  for (const host of [source, destination]) await new ConformanceCaller(host).call('ensurePool', { pool });
  return {
    source,
    destination,
    makeVm: () => {
      const id = randomUUID();
      return {
        ...{ id, domainName: `test-${id}`, vcpus: 1, cpuMhz: 500, memoryMib: 64, dataVolumes: [], nics: [] },
        rootVolume: { id: randomUUID(), pool, sizeBytes: 2 ** 26 },
        seed: { instanceId: id, hostname: 'tiny', publicKeys: [] },
      };
    },
    close: async () => undefined,
  };
});
