import type { HostSnapshot, MachineNeeds, PoolSnapshot } from '@durastack/contracts/compute/placement';
import { describe, expect, it } from 'vitest';
import { planPlacement } from './plan-placement.js';
import { anAffinity, aHost, aPool, needsOf } from '../testing/placement-scene.js';

const plan = (needs: MachineNeeds, hosts: readonly HostSnapshot[], pools: readonly PoolSnapshot[] = [aPool('p')]) =>
  planPlacement(needs, { hosts, pools, dedications: [] });
const order = (needs: MachineNeeds, hosts: readonly HostSnapshot[]) =>
  plan(needs, hosts).candidates.map(({ host }) => host.id);

describe('planPlacement', () => {
  it('keeps the hosts that fell out apart, with their reasons', () => {
    const { candidates, refused } = plan(needsOf(), [aHost('a'), aHost('b', { state: 'Disconnected' })]);
    expect(candidates.map(({ host }) => host.id)).toEqual(['a']);
    expect(refused.map(({ host, reasons }) => [host.id, reasons[0]?.kind])).toEqual([['b', 'state']]);
  });

  const hosts = [aHost('a', { memoryMibFree: 2000 }), aHost('b'), aHost('c')];
  it('prefers the emptiest host, then the one where it ran last', () => {
    expect(order(needsOf(), hosts)).toEqual(['b', 'c', 'a']);
    expect(order(needsOf({ lastHostId: 'a' }), hosts)).toEqual(['a', 'b', 'c']);
  });

  it('prefers what a group that is not strict wants, above all else', () => {
    const together = anAffinity({ strict: false, hostIds: ['a'] });
    expect(order(needsOf({ affinity: [together], lastHostId: 'c' }), hosts)).toEqual(['a', 'c', 'b']);
    const apart = anAffinity({ kind: 'anti-affinity', strict: false, hostIds: ['b', 'b', 'c'] });
    expect(order(needsOf({ affinity: [apart], lastHostId: 'b' }), hosts)).toEqual(['a', 'c', 'b']);
  });

  it('takes the roomiest pool within reach: of the host, its cluster or its zone', () => {
    const pools = [
      aPool('other-host', { hostId: 'b', bytesFree: 9999 }),
      aPool('other-cluster', { clusterId: 'c2', bytesFree: 9999 }),
      aPool('own', { hostId: 'a', bytesFree: 500 }),
      aPool('zone', { clusterId: null, bytesFree: 700 }),
    ];
    expect(plan(needsOf(), [aHost('a')], pools).candidates[0]?.disks).toEqual([{ volumeId: 'root', poolId: 'zone' }]);
  });
});
