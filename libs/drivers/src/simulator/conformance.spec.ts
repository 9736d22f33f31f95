import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ImageStoreSpec, PoolSpec, VmSpec } from '@durastack/contracts/agent/specs';
import type { ConformanceSubject } from '../conformance/conformance-subject.js';
import { describeDriverConformance } from '../conformance/driver-conformance.js';
import { createSimulatorDriver } from './simulator-driver.js';
import { SimulatedWorld } from './world.js';

const hostId = randomUUID();
const store: ImageStoreSpec = { id: randomUUID(), path: '/store' };
const POOLS: Readonly<Record<string, { pool: PoolSpec; poolSecret?: string }>> = {
  simulator: { pool: { id: randomUUID(), kind: 'directory', path: '/pool' } },
  'simulator on Ceph RBD': {
    pool: { id: randomUUID(), kind: 'rbd', monitors: ['192.0.2.1:6789'], pool: 'cloud', user: 'hosts' },
    poolSecret: 'QUJD',
  },
};

function makeVm(pool: PoolSpec): VmSpec {
  const id = randomUUID();
  const rootVolume = { id: randomUUID(), pool, sizeBytes: 2 ** 26 };
  const seed = { instanceId: id, hostname: 'tiny', publicKeys: [] };
  return {
    id,
    domainName: `test-${id}`,
    vcpus: 1,
    cpuMhz: 500,
    memoryMib: 64,
    rootVolume,
    dataVolumes: [],
    nics: [],
    seed,
  };
}

async function makeSubject({ pool, poolSecret }: (typeof POOLS)[string]): Promise<ConformanceSubject> {
  const directory = mkdtempSync(join(tmpdir(), 'durastack-world-'));
  let world = new SimulatedWorld(directory);
  return {
    pool,
    ...(poolSecret === undefined ? {} : { poolSecret }),
    otherPool: { id: randomUUID(), kind: 'directory', path: '/other-pool' },
    store,
    network: {
      id: randomUUID(),
      name: 'net',
      driver: 'bridge',
      bridge: 'test-br',
      cidr: '10.1.0.0/24',
      gateway: '10.1.0.1',
      gatewayOnHost: true,
      dns: [],
      mtu: 1500,
    },
    fabricNetwork: {
      ...{ id: randomUUID(), name: 'spanning', driver: 'ovs', bridge: 'test-x1', cidr: '10.2.0.0/24' },
      ...{ gateway: '10.2.0.1', gatewayOnHost: true, dns: [], mtu: 1450 },
      vxlan: { vni: 5001, revision: 3, localAddress: '192.0.2.1', peers: ['192.0.2.2'] },
    },
    makeDriver: async () => {
      // From what was written, as a process that begins anew.
      world = new SimulatedWorld(directory);
      return createSimulatorDriver({ hostId, world, latency: { transferMs: 200 } });
    },
    makeVm: () => makeVm(pool),
    fetch: () => {
      const limits = { maxBytes: 2 ** 30, maxVirtualBytes: 2 ** 40, allowedPrivateCidrs: [] };
      return { templateId: randomUUID(), store, url: 'https://images.example/tiny.qcow2', format: 'qcow2', ...limits };
    },
    powerOffBehindOurBack: async (vmId) => world.setPower(hostId, vmId, 'off', true),
    ignoreUnplugging: async (vmId) => world.keepDisks(hostId, vmId, true),
    discOf: async (vmId) => world.vm(hostId, vmId).spec.disc?.isoId,
    lockDrive: async (vmId) => world.keepDisks(hostId, vmId, true),
    pauseBehindOurBack: async (vmId) => world.setPower(hostId, vmId, 'paused'),
    volumeSizeBytes: async (volumeId) => world.content(hostId, pool).volumes[volumeId]?.sizeBytes,
    leftovers: async (id) => {
      const { volumes, templates } = world.content(hostId, pool);
      return [...Object.keys(volumes), ...Object.keys(templates), ...Object.keys(world.images(store.id))].filter(
        (key) => key === id,
      );
    },
    close: async () => rmSync(directory, { recursive: true }),
  };
}

for (const [name, kind] of Object.entries(POOLS)) describeDriverConformance(name, () => makeSubject(kind));
