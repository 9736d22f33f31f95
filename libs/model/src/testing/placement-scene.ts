/** Small snapshots for specs of placement. */
import type {
  AffinityNeed,
  DiskNeed,
  HostSnapshot,
  MachineNeeds,
  PoolSnapshot,
} from '@durastack/contracts/compute/placement';

/** A host that could take {@link needsOf}. */
export const aHost = (id: string, change: Partial<HostSnapshot> = {}): HostSnapshot => ({
  ...{ id, name: id, clusterId: 'c1', podId: 'pod', zoneId: 'z', state: 'Up', allocationState: 'Enabled' },
  ...{
    hypervisor: 'KVM',
    tags: [],
    tunnelAddress: '192.0.2.1',
    cpuMhzFree: 4000,
    memoryMibFree: 4096,
    memoryMib: 8192,
  },
  ...change,
});

/** A pool of the cluster of {@link aHost}. */
export const aPool = (id: string, change: Partial<PoolSnapshot> = {}): PoolSnapshot => ({
  ...{ id, zoneId: 'z', clusterId: 'c1', hostId: null, state: 'Up', allocationState: 'Enabled' },
  ...{ tags: [], bytesFree: 1000 },
  ...change,
});

/** A disk that has no pool yet. */
export const aDisk = (change: Partial<DiskNeed> = {}): DiskNeed => ({
  ...{ volumeId: 'root', sizeBytes: 100, poolId: null, tags: [] },
  ...change,
});

/** A strict affinity group of {@link needsOf}. */
export const anAffinity = (change: Partial<AffinityNeed> = {}): AffinityNeed => ({
  ...{ groupId: 'g', name: 'web', kind: 'affinity', strict: true, hostIds: [] },
  ...change,
});

/** A small machine. */
export const needsOf = (change: Partial<MachineNeeds> = {}): MachineNeeds => ({
  ...{ vmId: 'vm', name: 'web-1', zoneId: 'z', cpuMhz: 500, memoryMib: 512, hypervisor: 'KVM', hostTags: [] },
  ...{
    disks: [aDisk()],
    affinity: [],
    tunnelNetwork: null,
    dedications: 0,
    owner: { accountId: 'alice', domainPath: '/acme/dev/' },
  },
  ...{ hostId: null, requestedHostId: null, lastHostId: null },
  ...change,
});
