import { describe, expect, it } from 'vitest';
import { planPlacement, type HostSnapshot, type PlacementRequest, type PoolSnapshot } from './plan-placement.js';

const host = (id: string, change: Partial<HostSnapshot> = {}): HostSnapshot => ({
  id,
  name: id,
  clusterId: 'c1',
  zoneId: 'z',
  state: 'Up',
  allocationState: 'Enabled',
  hypervisor: 'KVM',
  tags: [],
  cpuMhzFree: 4000,
  memoryMibFree: 4096,
  memoryMib: 8192,
  ...change,
});
const pool = (id: string, change: Partial<PoolSnapshot> = {}): PoolSnapshot => ({
  id,
  zoneId: 'z',
  clusterId: 'c1',
  hostId: null,
  state: 'Up',
  allocationState: 'Enabled',
  bytesFree: 1000,
  ...change,
});
const request = (change: Partial<PlacementRequest> = {}): PlacementRequest => ({
  cpuMhz: 500,
  memoryMib: 512,
  hypervisor: 'KVM',
  hostTags: [],
  diskBytes: 100,
  ...change,
});

describe('planPlacement', () => {
  const refusals: [string, Partial<PlacementRequest>, Partial<HostSnapshot>, string][] = [
    ['a host that is down', {}, { state: 'Disconnected' }, 'is Disconnected'],
    ['a disabled host', {}, { allocationState: 'Disabled' }, 'is disabled for new machines'],
    ['another hypervisor', { hypervisor: 'Simulator' }, {}, 'runs KVM, the template wants Simulator'],
    ['missing tags', { hostTags: ['gpu', 'ssd'] }, { tags: ['ssd'] }, 'lacks the tag gpu'],
    ['too little memory', { memoryMib: 5000 }, {}, 'has 4096 MiB of memory free, 5000 needed'],
    ['too little CPU', { cpuMhz: 5000 }, {}, 'has 4000 MHz free, 5000 needed'],
    ['another host than asked for', { requestedHostId: 'b' }, {}, 'another host was asked for'],
    ['no pool with room', { diskBytes: 2000 }, {}, 'reaches no pool with room'],
    ['a disk out of reach', { fixedPoolId: 'elsewhere' }, {}, 'does not reach the pool of the disk'],
  ];
  it.each(refusals)('refuses %s and says why', (_name, need, change, reason) => {
    const plan = planPlacement(request(need), [host('a', change)], [pool('p')]);
    expect(plan).toEqual({ candidates: [], refused: [{ host: 'a', reason }] });
  });

  it('prefers the emptiest host, then the one where it ran last', () => {
    const hosts = [host('a', { memoryMibFree: 2000 }), host('b'), host('c')];
    expect(planPlacement(request(), hosts, [pool('p')]).candidates.map((c) => c.hostId)).toEqual(['b', 'c', 'a']);
    expect(planPlacement(request({ lastHostId: 'a' }), hosts, [pool('p')]).candidates.map((c) => c.hostId)).toEqual([
      'a',
      'b',
      'c',
    ]);
  });

  it('takes the roomiest pool within reach: of the host, its cluster or its zone', () => {
    const pools = [
      pool('other-host', { hostId: 'b', bytesFree: 9999 }),
      pool('other-cluster', { clusterId: 'c2', bytesFree: 9999 }),
      pool('own', { hostId: 'a', bytesFree: 500 }),
      pool('zone', { clusterId: null, bytesFree: 700 }),
    ];
    expect(planPlacement(request(), [host('a')], pools).candidates).toEqual([{ hostId: 'a', poolId: 'zone' }]);
  });
});
