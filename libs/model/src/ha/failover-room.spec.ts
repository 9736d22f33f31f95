import type { FailoverHost } from '@durastack/contracts/infra/failover-host';
import { describe, expect, it } from 'vitest';
import { failoverRoom } from './failover-room.js';

const host = (id: string, change: Partial<FailoverHost> = {}): FailoverHost => ({
  ...{ id, name: id, clusterId: 'c', clusterName: 'c', usable: true },
  ...{ cpuMhzFree: 4000, memoryMibFree: 4096, haCpuMhz: 1000, haMemoryMib: 1024 },
  ...change,
});
const shown = (hosts: readonly FailoverHost[]) =>
  failoverRoom(hosts).map(({ clusterName, cpuMhz, memoryMib, isShort, hardest }) =>
    [clusterName, cpuMhz, memoryMib, isShort ? 'short' : 'enough', hardest.id].join(' '),
  );

describe('the room for the loss of one host', () => {
  const cases: [what: string, hosts: FailoverHost[], expected: string[]][] = [
    ['is what the others would have left', [host('a'), host('b'), host('d')], ['c 7000 7168 enough a']],
    [
      'is that of the host that is hardest to lose',
      [host('a'), host('big', { haMemoryMib: 6000 })],
      ['c 3000 -1904 short big'],
    ],
    ['counts processors too', [host('a', { haCpuMhz: 5000 }), host('b')], ['c -1000 3072 short a']],
    ['does not count on hosts that take nothing', [host('a'), host('b', { usable: false })], ['c -1000 -1024 short a']],
    ['is none with one host', [host('a')], ['c -1000 -1024 short a']],
    ['lacks nothing where no machine has HA', [host('a', { haCpuMhz: 0, haMemoryMib: 0 })], ['c 0 0 enough a']],
    [
      'does not take an oversubscribed host for more than full',
      [host('a'), host('b', { memoryMibFree: -500 }), host('d')],
      ['c 7000 3072 enough a'],
    ],
    [
      'is told of each cluster',
      [host('z', { clusterId: 'z', clusterName: 'z' }), host('a'), host('b')],
      ['c 3000 3072 enough a', 'z -1000 -1024 short z'],
    ],
    ['is not told of nothing', [], []],
  ];
  it.each(cases)('%s', (_, hosts, expected) => expect(shown(hosts)).toEqual(expected));
});
