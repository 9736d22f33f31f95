import type { HostSnapshot, PoolSnapshot } from '@durastack/contracts/compute/placement';
import { describe, expect, it } from 'vitest';
import { aDisk, aHost, aPool, needsOf } from '../testing/placement-scene.js';
import { planRestMove } from './plan-rest-move.js';

const shared = aPool('shared', { clusterId: null });
const own = (hostId: string, change: Partial<PoolSnapshot> = {}) => aPool(`own-${hostId}`, { hostId, ...change });

/** Disks as `from>to`, or `from` for one that stays. */
const plan = (disks: readonly string[], pools: readonly PoolSnapshot[], hosts: readonly HostSnapshot[]) => {
  const needs = needsOf({
    disks: disks.map((text, index) => {
      const [poolId = '', wantedPoolId] = text.split('>');
      const wanted = wantedPoolId === undefined ? {} : { wantedPoolId };
      return aDisk({ volumeId: `d${index}`, poolId, tags: [], ...wanted });
    }),
  });
  const planned = planRestMove({ hosts, pools, dedications: [] }, needs);
  return planned.kind === 'refused'
    ? `${planned.code}: ${planned.text}`
    : planned.moves.map(({ disk, poolId, hostId }) => `${disk.volumeId} to ${poolId} by ${hostId}`);
};

describe('the disks of a stopped machine', () => {
  const hosts = [aHost('x'), aHost('y')];
  it.each([
    ['goes to a pool that one host reaches too', ['own-x>shared'], ['d0 to shared by x']],
    ['goes to the own pool of a host', ['shared>own-y'], ['d0 to own-y by y']],
    ['stays where it is wanted already', ['shared>shared'], []],
    ['go together, each by its own way', ['own-x>shared', 'shared>own-y'], ['d0 to shared by x', 'd1 to own-y by y']],
  ])('%s', (_, disks, expected) => expect(plan(disks, [shared, own('x'), own('y')], hosts)).toEqual(expected));

  it.each([
    ['between pools that no host reaches both', ['own-x>own-y'], [], /no host that is up reaches both/],
    ['to where nobody reaches all of them', ['shared>own-x', 'shared>own-y'], [], /could not be started/],
    ['to a pool that is not there', ['shared>nowhere'], [], /is not in use/],
    ['to one that is full', ['shared>own-x'], [{ bytesFree: 99 }], /NO_CAPACITY: .*99 bytes free, 100 needed/],
    ['that are too many for one', ['shared>own-x', 'shared>own-x'], [{ bytesFree: 150 }], /50 bytes free/],
    ['to one that is not up', ['shared>own-x'], [{ state: 'Error' }], /is Error/],
    ['to one that takes nothing', ['shared>own-x'], [{ allocationState: 'Disabled' }], /is disabled/],
  ] as [string, string[], Partial<PoolSnapshot>[], RegExp][])('cannot move %s', (_, disks, [change], expected) =>
    expect(plan(disks, [shared, own('x', change), own('y')], hosts)).toMatch(expected),
  );

  it('cannot move while no host is up', () =>
    expect(plan(['shared>own-x'], [shared, own('x')], [aHost('x', { state: 'Disconnected' })])).toMatch(/no host/));
});
