import type { HostSnapshot, PoolSnapshot } from '@durastack/contracts/compute/placement';
import { describe, expect, it } from 'vitest';
import { aDisk, aHost, aPool, needsOf } from '../testing/placement-scene.js';
import { planRestMove } from './plan-rest-move.js';

const shared = aPool('shared', { clusterId: null });
const own = (hostId: string, change: Partial<PoolSnapshot> = {}) => aPool(`own-${hostId}`, { hostId, ...change });

/** Disks as `from>to`, or `from` for one that stays. */
const plan = (
  disks: readonly string[],
  pools: readonly PoolSnapshot[],
  { hosts, hostId }: { hosts: readonly HostSnapshot[]; hostId?: string },
) => {
  const needs = needsOf({
    disks: disks.map((text, index) => {
      const [poolId = '', wantedPoolId] = text.split('>');
      const wanted = wantedPoolId === undefined ? {} : { wantedPoolId };
      return aDisk({ volumeId: `d${index}`, poolId, tags: [], ...wanted });
    }),
  });
  const planned = planRestMove({ hosts, pools, dedications: [] }, needs, hostId);
  return planned.kind === 'refused'
    ? `${planned.code}: ${planned.text}`
    : planned.moves.map(({ disk, poolId, hostId: by, targetHostId }) =>
        [`${disk.volumeId} to ${poolId} by ${by}`, ...(targetHostId === null ? [] : [targetHostId])].join(' and '),
      );
};

describe('the disks of a stopped machine', () => {
  const hosts = [aHost('x'), aHost('y')];
  it.each([
    ['goes to a pool that one host reaches too', ['own-x>shared'], ['d0 to shared by x']],
    ['goes to the own pool of a host', ['shared>own-y'], ['d0 to own-y by y']],
    ['stays where it is wanted already', ['shared>shared'], []],
    ['goes from the own pool of a host to that of another', ['own-x>own-y'], ['d0 to own-y by x and y']],
    ['go together, each by its own way', ['own-x>shared', 'shared>own-y'], ['d0 to shared by x', 'd1 to own-y by y']],
  ])('%s', (_, disks, expected) => expect(plan(disks, [shared, own('x'), own('y')], { hosts })).toEqual(expected));

  it.each([
    ['from a pool that no host reaches', ['own-z>own-x'], [], /no host that is up reaches the pool own-z/],
    ['to a pool that no host reaches', ['shared>own-z'], [], /no host that is up reaches the pool own-z/],
    ['to where nobody reaches all of them', ['shared>own-x', 'shared>own-y'], [], /could not be started/],
    ['to a pool that is not there', ['shared>nowhere'], [], /is not in use/],
    ['to one that is full', ['shared>own-x'], [{ bytesFree: 99 }], /NO_CAPACITY: .*99 bytes free, 100 needed/],
    ['that are too many for one', ['shared>own-x', 'shared>own-x'], [{ bytesFree: 150 }], /50 bytes free/],
    ['to one that is not up', ['shared>own-x'], [{ state: 'Error' }], /is Error/],
    ['to one that takes nothing', ['shared>own-x'], [{ allocationState: 'Disabled' }], /is disabled/],
  ] as [string, string[], Partial<PoolSnapshot>[], RegExp][])('cannot move %s', (_, disks, [change], expected) =>
    expect(plan(disks, [shared, own('x', change), own('y'), own('z')], { hosts })).toMatch(expected),
  );

  it('cannot move while no host is up', () =>
    expect(plan(['shared>own-x'], [shared, own('x')], { hosts: [aHost('x', { state: 'Disconnected' })] })).toMatch(
      /no host/,
    ));

  const roomy = { bytesFree: 1_000_000 };
  it.each([
    ['what a host does not reach goes to its roomiest pool', 'y', ['own-x', 'shared'], ['d0 to own-y by x and y']],
    ['what is named for it goes where it is named for', 'y', ['own-x>shared'], ['d0 to shared by x']],
    ['nothing goes that it reaches', 'y', ['shared'], []],
    ['a pool is named that it does not reach', 'y', ['shared>own-x'], 'the host y does not reach the pool'],
    ['it has too little room', 'x', ['own-y'], 'NO_CAPACITY: the host x reaches no pool with room'],
    ['it is not up', 'down', ['own-x'], 'the host down is Disconnected'],
    ['it is to be emptied', 'leaving', ['own-x'], 'the host leaving is PrepareForMaintenance'],
    ['it is nowhere', 'none', ['own-x'], 'is not in use'],
  ] as [string, string, string[], string[] | string][])('of a host that is named: %s', (_, hostId, disks, expected) => {
    const leaving = aHost('leaving', { allocationState: 'PrepareForMaintenance' });
    const named = [...hosts, aHost('down', { state: 'Disconnected' }), leaving];
    const pools = [shared, own('x', { bytesFree: 0 }), own('y', roomy)];
    const only = hostId === 'x' ? pools.slice(1) : pools;
    const planned = plan(disks, only, { hosts: named, hostId });
    if (typeof expected === 'string') expect(planned).toContain(expected);
    else expect(planned).toEqual(expected);
  });
});
