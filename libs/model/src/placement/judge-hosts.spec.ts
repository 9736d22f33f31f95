import {
  HOST_REASONS,
  type DedicationSnapshot,
  type HostSnapshot,
  type MachineNeeds,
  type PoolSnapshot,
} from '@durastack/contracts/compute/placement';
import { describe, expect, it } from 'vitest';
import { judgeHosts, type Purpose } from './judge-hosts.js';
import { aDisk, aHost, anAffinity, aPool, needsOf } from '../testing/placement-scene.js';

interface Scene {
  readonly needs?: Partial<MachineNeeds>;
  readonly host?: Partial<HostSnapshot>;
  readonly pool?: Partial<PoolSnapshot>;
  readonly dedications?: readonly DedicationSnapshot[];
  readonly purpose?: Purpose;
}

function judge({ needs, host, pool, dedications = [], purpose = 'start' }: Scene) {
  const snapshot = { hosts: [aHost('a', host)], pools: [aPool('p', pool)], dedications };
  const [found] = judgeHosts(snapshot, needsOf(needs), purpose);
  if (!found) throw new TypeError('one host, one judgement');
  return found;
}

const dedicated = (change: Partial<DedicationSnapshot>): DedicationSnapshot => ({
  ...{ resourceType: 'host', resourceId: 'a', domainPath: '/rival/', accountId: null },
  ...change,
});

const refusals: [what: string, kind: string, text: string, scene: Scene][] = [
  ['another host than asked for', 'not-requested', 'is not the host that', { needs: { requestedHostId: 'b' } }],
  [
    'its own host, to migrate to',
    'runs-here',
    'runs the machine already',
    { needs: { hostId: 'a' }, purpose: 'migrate' },
  ],
  ['a host that is down', 'state', 'is Disconnected', { host: { state: 'Disconnected' } }],
  ['maintenance', 'maintenance', 'is in maintenance', { host: { allocationState: 'Maintenance' } }],
  ['preparation', 'maintenance', 'is in maintenance', { host: { allocationState: 'PrepareForMaintenance' } }],
  ['a disabled host', 'disabled', 'is disabled for new machines', { host: { allocationState: 'Disabled' } }],
  ['another hypervisor', 'hypervisor', 'runs KVM, the machine needs Sim', { needs: { hypervisor: 'Simulator' } }],
  ['a host of others', 'dedication', 'is dedicated to others', { dedications: [dedicated({})] }],
  [
    'a cluster of another account',
    'dedication',
    'is in a cluster dedicated to others',
    { dedications: [dedicated({ resourceType: 'cluster', resourceId: 'c1', accountId: 'bob', domainPath: '/acme/' })] },
  ],
  [
    'a pod of a domain below its own',
    'dedication',
    'is in a pod dedicated to others',
    { dedications: [dedicated({ resourceType: 'pod', resourceId: 'pod', domainPath: '/acme/dev/x/' })] },
  ],
  [
    'a zone of others, though the host is dedicated to it',
    'dedication',
    'is in a zone dedicated to others',
    {
      dedications: [
        dedicated({ accountId: 'alice', domainPath: '/acme/dev/' }),
        dedicated({ resourceType: 'zone', resourceId: 'z' }),
      ],
    },
  ],
  ['missing tags', 'tags', 'lacks the tag gpu', { needs: { hostTags: ['gpu', 'ssd'] }, host: { tags: ['ssd'] } }],
  [
    'a group elsewhere',
    'affinity',
    'is not where the group web is',
    { needs: { affinity: [anAffinity({ hostIds: ['b'] })] } },
  ],
  [
    'a group to keep away from',
    'anti-affinity',
    'has another member of the group web',
    { needs: { affinity: [anAffinity({ kind: 'anti-affinity', hostIds: ['b', 'a'] })] } },
  ],
  [
    'no way to a network that spans hosts',
    'network',
    'has no IPv4 address for the tunnels of the network blue',
    { needs: { tunnelNetwork: 'blue' }, host: { tunnelAddress: null } },
  ],
  [
    'tunnels over IPv6',
    'network',
    'the network blue',
    { needs: { tunnelNetwork: 'blue' }, host: { tunnelAddress: '2001:db8::1' } },
  ],
  [
    'a disk out of reach',
    'storage',
    'does not reach the pool of a disk',
    { needs: { disks: [aDisk({ poolId: 'q' })] } },
  ],
  ['no pool', 'storage', 'reaches no pool that is up', { pool: { clusterId: 'c2' } }],
  ['a pool that is down', 'storage', 'reaches no pool that is up', { pool: { state: 'Error' } }],
  ['a disabled pool', 'storage', 'reaches no pool that is up', { pool: { allocationState: 'Disabled' } }],
  [
    'no tagged pool',
    'storage-tags',
    'reaches no pool with the tag fast',
    { needs: { disks: [aDisk({ tags: ['fast'] })] } },
  ],
  ['no pool with room', 'storage-room', '1000 bytes free, 2000', { needs: { disks: [aDisk({ sizeBytes: 2000 })] } }],
  ['an overbooked pool', 'storage-room', '0 bytes free, 100', { pool: { bytesFree: -5 } }],
  [
    'no room for two disks',
    'storage-room',
    '400 bytes free, 600',
    { needs: { disks: [aDisk({ sizeBytes: 600 }), aDisk({ volumeId: 'data', sizeBytes: 600 })] } },
  ],
  [
    'no room for a disk that would have to move',
    'storage-room',
    '1000 bytes free, 2000',
    { needs: { disks: [aDisk({ poolId: 'q', sizeBytes: 2000 })] }, purpose: 'migrate' },
  ],
  ['too little memory', 'memory', 'has 4096 MiB of memory free, 5000 needed', { needs: { memoryMib: 5000 } }],
  ['too little CPU', 'cpu', 'has 4000 MHz free, 5000 needed', { needs: { cpuMhz: 5000 } }],
];

describe('judgeHosts', () => {
  it.each(refusals)('refuses %s', (_what, kind, text, scene) => {
    const { reasons } = judge(scene);
    expect(reasons.map((reason) => reason.kind)).toEqual([kind]);
    expect(reasons[0]?.text).toContain(text);
  });

  it('has a case for every reason of the closed list; claimed is what the reservation finds', () => {
    const kinds = new Set(refusals.map(([, kind]) => kind));
    expect([...Object.keys(HOST_REASONS)].filter((kind) => !kinds.has(kind))).toEqual(['claimed']);
  });

  const accepted: [what: string, scene: Scene][] = [
    ['an ordinary host', {}],
    ['exactly what is free', { needs: { memoryMib: 4096, cpuMhz: 4000, disks: [aDisk({ sizeBytes: 1000 })] } }],
    ['any host but its own, to migrate to', { needs: { hostId: 'b', requestedHostId: 'b' }, purpose: 'migrate' }],
    ['the first member of a group', { needs: { affinity: [anAffinity()] } }],
    ['where its group is', { needs: { affinity: [anAffinity({ hostIds: ['b', 'a'] })] } }],
    ['its account', { dedications: [dedicated({ accountId: 'alice', domainPath: '/acme/dev/' })] }],
    ['its domain', { dedications: [dedicated({ domainPath: '/acme/dev/' })] }],
    ['a domain above', { dedications: [dedicated({ resourceType: 'zone', resourceId: 'z', domainPath: '/acme/' })] }],
    ["another host's dedication", { dedications: [dedicated({ resourceId: 'b' })] }],
    [
      'all tags',
      { needs: { hostTags: ['x'], disks: [aDisk({ tags: ['y'] })] }, host: { tags: ['x'] }, pool: { tags: ['y'] } },
    ],
    [
      'its disk, whatever the state of the pool',
      { needs: { disks: [aDisk({ poolId: 'p' })] }, pool: { state: 'Error' } },
    ],
    ['a network that spans hosts', { needs: { tunnelNetwork: 'blue' } }],
    ['no disk at all', { needs: { disks: [] }, pool: { clusterId: 'c2' } }],
  ];
  it.each(accepted)('accepts %s', (_what, scene) => {
    expect(judge(scene)).toMatchObject({ reasons: [], storageMotion: false });
  });

  it('says every reason, in the order of the list', () => {
    const { reasons } = judge({
      needs: { cpuMhz: 9e9, memoryMib: 9e9, hostTags: ['gpu'] },
      host: { state: 'Disconnected' },
    });
    expect(reasons.map(({ kind }) => kind)).toEqual(['state', 'tags', 'memory', 'cpu']);
  });

  it('lets disks that are out of reach move with a running machine, if there is a pool for them', () => {
    const disks = [aDisk({ poolId: 'q' }), aDisk({ volumeId: 'data', poolId: 'p' })];
    expect(judge({ needs: { disks, hostId: 'b' }, purpose: 'migrate' })).toMatchObject({
      ...{ reasons: [], storageMotion: true, disks: [{ volumeId: 'root', poolId: 'p' }] },
    });
  });

  it('prefers hosts dedicated to the owner; a zone of its own makes no difference', () => {
    const own = { accountId: null, domainPath: '/acme/' };
    expect(judge({ dedications: [dedicated(own)] }).preference).toBeGreaterThan(0);
    expect(judge({ dedications: [dedicated({ ...own, resourceType: 'zone', resourceId: 'z' })] }).preference).toBe(0);
  });

  it('judges a thousand hosts with a pool each in a few milliseconds', () => {
    const hosts = Array.from({ length: 1_000 }, (_, index) => aHost(`h${index}`));
    const pools = hosts.map(({ id }) => aPool(id, { hostId: id }));
    const dedications = hosts.slice(0, 100).map(({ id }) => dedicated({ resourceId: id }));
    const hostIds = hosts.slice(500).flatMap(({ id }) => [id, id]);
    const affinity = [anAffinity({ kind: 'anti-affinity', hostIds })];
    const judged = judgeHosts({ hosts, pools, dedications }, needsOf({ affinity }), 'start');
    expect(judged.filter(({ reasons }) => reasons.length === 0)).toHaveLength(400);
  });
});

describe('a disk that is to go to a named pool', () => {
  const own = (change: Partial<PoolSnapshot> = {}) => aPool('own', { hostId: 'a', ...change });
  const judged = (pools: readonly PoolSnapshot[], disk = {}) => {
    const disks = [aDisk({ poolId: 'shared', wantedPoolId: 'own', sizeBytes: 10, ...disk })];
    const snapshot = { hosts: [aHost('a')], pools: [aPool('shared'), ...pools], dedications: [] };
    return judgeHosts(snapshot, needsOf({ hostId: 'b', disks }), 'migrate')[0]!;
  };

  it('goes along, though its own pool is in reach too', () => {
    const { reasons, storageMotion, disks } = judged([own()]);
    expect([reasons, storageMotion, disks]).toEqual([[], true, [{ volumeId: 'root', poolId: 'own' }]]);
  });

  it.each([
    ['out of reach', own({ hostId: 'c' }), {}, 'storage', 'does not reach the pool that was asked for'],
    ['down', own({ state: 'Error' }), {}, 'storage', 'which is Error'],
    ['closed', own({ allocationState: 'Disabled' }), {}, 'storage', 'which is disabled'],
    ['without its tag', own(), { tags: ['ssd'] }, 'storage-tags', 'lacks the tag ssd'],
    ['full', own({ bytesFree: 9 }), {}, 'storage-room', '9 bytes free, 10 needed'],
  ])('finds no host when that is %s', (...[, pool, disk, kind, text]) => {
    const [reason] = judged([pool], disk).reasons;
    expect(reason).toMatchObject({ kind, text: expect.stringContaining(text) });
  });

  it('may be on Ceph, as may the roomiest for one that names none', () => {
    const ceph = aPool('ceph', { kind: 'rbd', bytesFree: 9_999 });
    const named = judged([ceph, own()], { wantedPoolId: 'ceph' });
    expect([named.reasons, named.disks]).toEqual([[], [{ volumeId: 'root', poolId: 'ceph' }]]);
    const disk = { poolId: 'far', wantedPoolId: undefined };
    const pools = [aPool('far', { hostId: 'b' }), ceph, own({ bytesFree: 9_000 })];
    expect(judged(pools, disk).disks).toEqual([{ volumeId: 'root', poolId: 'ceph' }]);
  });
});
