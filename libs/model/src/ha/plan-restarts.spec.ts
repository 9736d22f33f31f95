import type { AffinityNeed, HostSnapshot, MachineNeeds } from '@durastack/contracts/compute/placement';
import { describe, expect, it } from 'vitest';
import { aDisk, aHost, anAffinity, aPool, needsOf } from '../testing/placement-scene.js';
import { planRestarts, type Endangered } from './plan-restarts.js';

type Machine = Partial<Endangered> & { readonly vmId: string; readonly affinity?: readonly AffinityNeed[] };

const LOST = aHost('lost', { memoryMibFree: 100_000 });

function plan(machines: readonly Machine[], others: readonly HostSnapshot[], poolId = 'p'): string[] {
  const needs = machines.map(({ vmId, memoryMib = 512, affinity = [] }): [string, MachineNeeds] => [
    vmId,
    needsOf({
      ...{ vmId, name: vmId, hostId: 'lost', lastHostId: 'lost' },
      memoryMib,
      affinity,
      disks: [aDisk({ poolId })],
    }),
  ]);
  const planned = planRestarts({
    hostId: 'lost',
    machines: machines.map(({ affinity: _affinity, ...machine }) => ({
      ...{ name: machine.vmId, memoryMib: 512, haPriority: 5, offersHa: true, wanted: true },
      ...machine,
    })),
    needs: new Map(needs),
    snapshot: {
      hosts: [LOST, ...others],
      pools: [aPool('p'), aPool('local', { hostId: 'lost' })],
      dedications: [],
    },
  });
  return planned.map(({ machine, restarts, destination, obstacle }) =>
    [machine.vmId, restarts ? 'restarts' : 'waits', destination?.id ?? obstacle].join(' '),
  );
}

const group = (hostIds: readonly string[], kind: AffinityNeed['kind']) => [anAffinity({ groupId: 'g', kind, hostIds })];
const ROOMY = [aHost('b'), aHost('c')];

describe('when a host is lost', () => {
  const cases: [what: string, machines: Machine[], others: HostSnapshot[], expected: (string | RegExp)[]][] = [
    [
      'the most important goes first, then the largest',
      [{ vmId: 'small' }, { vmId: 'big', memoryMib: 2048 }, { vmId: 'vital', haPriority: 9, memoryMib: 256 }],
      [aHost('b', { memoryMibFree: 2400 })],
      ['vital restarts b', 'big restarts b', /^small restarts 2 hosts: .*lacks memory \(need 512 MiB, best has 96\)/],
    ],
    [
      'what is less important may fit where what is more important does not',
      [{ vmId: 'vital', haPriority: 10, memoryMib: 9000 }, { vmId: 'small' }],
      [aHost('b')],
      [/^vital restarts .*lacks memory/, 'small restarts b'],
    ],
    [
      'what has no HA, or is meant to be off, waits',
      [{ vmId: 'plain', offersHa: false }, { vmId: 'off', wanted: false }, { vmId: 'web' }],
      ROOMY,
      ['web restarts b', 'off waits it is not meant to run', /^plain waits .*offerha/],
    ],
    ['the last host leaves no other', [{ vmId: 'a' }], [], [/^a restarts 1 host: 1 not up \(Down\)/]],
    [
      'hosts in maintenance, disabled or silent take nothing',
      [{ vmId: 'a' }],
      [
        aHost('b', { allocationState: 'Maintenance' }),
        aHost('c', { allocationState: 'Disabled' }),
        aHost('d', { state: 'Disconnected' }),
      ],
      [/2 not up.*1 in maintenance.*1 disabled/],
    ],
    [
      'a strict group stays together on a new host',
      [
        { vmId: 'a', affinity: group(['lost'], 'affinity') },
        { vmId: 'z', affinity: group(['lost'], 'affinity') },
      ],
      [aHost('b', { memoryMibFree: 3000 }), aHost('c', { memoryMibFree: 2900 })],
      ['a restarts b', 'z restarts b'],
    ],
    [
      'a strict group stays apart',
      [{ vmId: 'a', affinity: group(['c'], 'anti-affinity') }],
      [aHost('c'), aHost('b', { memoryMibFree: 600 })],
      ['a restarts b'],
    ],
  ];
  it.each(cases)('%s', (_, machines, others, expected) => {
    const lines = plan(machines, others);
    expect(lines).toHaveLength(expected.length);
    for (const [index, line] of expected.entries()) expect(lines[index]).toMatch(line);
  });

  it('what has its disk on storage of the host waits for it', () =>
    expect(plan([{ vmId: 'a' }], ROOMY, 'local')[0]).toMatch(/^a restarts .*not reach the storage/));
});
