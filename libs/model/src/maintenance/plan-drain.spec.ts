import type { AffinityNeed, HostSnapshot, MachineNeeds, PoolSnapshot } from '@durastack/contracts/compute/placement';
import { describe, expect, it } from 'vitest';
import { aDisk, aHost, anAffinity, aPool, needsOf } from '../testing/placement-scene.js';
import type { LocalStoragePolicy } from './decide-drain.js';
import { planDrain } from './plan-drain.js';

interface Machine {
  readonly id: string;
  readonly memoryMib?: number;
  readonly haPriority?: number;
  readonly local?: boolean;
  readonly affinity?: readonly AffinityNeed[];
}

const HERE = aHost('here', { allocationState: 'PrepareForMaintenance' });

function plan(
  machines: readonly Machine[],
  hosts: readonly HostSnapshot[],
  localStorage: LocalStoragePolicy = 'refuse',
) {
  const needs = machines.map(({ id, memoryMib = 512, affinity = [] }): [string, MachineNeeds] => [
    id,
    needsOf({ vmId: id, name: id, hostId: 'here', memoryMib, affinity, disks: [aDisk({ poolId: 'p' })] }),
  ]);
  const planned = planDrain({
    residents: machines.map(({ id, memoryMib = 512, haPriority = 5, local = false }) => ({
      ...{ vmId: id, name: id, state: 'Running', memoryMib, haPriority },
      onLocalStorage: local,
    })),
    needs: new Map(needs),
    snapshot: { hosts: [HERE, ...hosts], pools: [aPool('p')], dedications: [] },
    localStorage,
  });
  return planned.map(({ resident, way, destination, obstacle }) =>
    [resident.vmId, way, destination?.id ?? obstacle ?? 'nowhere'].join(' '),
  );
}

const group = (hostIds: readonly string[], kind: AffinityNeed['kind'] = 'affinity') => [
  anAffinity({ groupId: 'g', name: 'g', kind, strict: true, hostIds }),
];

describe('the plan of a drain', () => {
  it('places the largest first, each with the room that is left', () =>
    expect(
      plan(
        [{ id: 'small' }, { id: 'big', memoryMib: 2048 }],
        [aHost('b', { memoryMibFree: 2048 }), aHost('c', { memoryMibFree: 600 })],
      ),
    ).toEqual(['big migrate b', 'small migrate c']));

  it('places the most important before the largest', () =>
    expect(
      plan(
        [
          { id: 'vital', haPriority: 10 },
          { id: 'big', memoryMib: 4096 },
        ],
        [aHost('b', { memoryMibFree: 4096 }), aHost('c', { memoryMibFree: 400 })],
      ),
    ).toEqual(['vital migrate b', expect.stringMatching(/^big migrate 3 hosts: .*lack memory/)]));

  it('says what finds no room, and why', () =>
    expect(plan([{ id: 'a' }, { id: 'z' }], [aHost('b', { memoryMibFree: 600 })])[1]).toMatch(
      /^z migrate 2 hosts: .*1 lacks memory \(need 512 MiB, best has 88\)/,
    ));

  it('has nowhere to go from the last host', () =>
    expect(plan([{ id: 'a' }], [])).toEqual(['a migrate 1 host: 1 where it runs already']));

  it.each([
    [
      'refuse' as const,
      'a migrate has its disk on storage of this host (localstorage=migrate moves that too, localstorage=stop stops it)',
    ],
    ['stop' as const, 'a stop nowhere'],
    ['migrate' as const, 'a migrate-with-volumes b'],
  ])('heeds the policy %s for local storage', (policy, expected) =>
    expect(plan([{ id: 'a', local: true }], [aHost('b')], policy)).toEqual([expected]),
  );

  it('keeps a strict group together, and apart', () => {
    const hosts = [aHost('b'), aHost('c')];
    const together = plan(
      [
        { id: 'a', affinity: group(['here']) },
        { id: 'z', affinity: group(['here']) },
      ],
      hosts,
    );
    expect(new Set(together.map((line) => line.split(' ')[2])).size).toBe(1);
    const apart = plan([{ id: 'a', affinity: group(['c'], 'anti-affinity') }, { id: 'z' }], hosts);
    expect(apart[0]).toBe('a migrate b');
  });
});

describe('machines that take their disks along', () => {
  const own = (hostId: string, bytesFree: number) => aPool(`own-${hostId}`, { hostId, bytesFree });
  const disk = (id: string) => aDisk({ volumeId: `disk-${id}`, poolId: 'own-here', sizeBytes: 10 });
  const planned = (pools: readonly PoolSnapshot[]) =>
    planDrain({
      residents: ['a', 'b'].map((id) => ({
        ...{ vmId: id, name: id, state: 'Running', memoryMib: 512, haPriority: 5, onLocalStorage: true },
      })),
      needs: new Map(
        ['a', 'b'].map((id) => [id, needsOf({ vmId: id, name: id, hostId: 'here', disks: [disk(id)] })] as const),
      ),
      snapshot: { hosts: [HERE, aHost('x'), aHost('y')], pools: [own('here', 0), ...pools], dedications: [] },
      localStorage: 'migrate',
    }).map(({ destination, obstacle }) => destination?.id ?? obstacle);

  it('go where there is room for them, each after those before it', () =>
    expect(planned([own('x', 15), own('y', 12)])).toEqual(['x', 'y']));

  it('cannot where there is none', () =>
    expect(planned([own('x', 15), own('y', 5)])).toEqual(['x', expect.stringMatching(/pool|room/)]));
});
