import { describe, expect, it } from 'vitest';
import type { RollingChild, RollingHost, RollingScene } from '@durastack/contracts/infra/rolling-scene';
import { AVOIDED, decideRolling } from './decide-rolling.js';
import { fitsWithout } from './head-room.js';

const host = (id: string, memoryMibReserved = 10, more: Partial<RollingHost> = {}): RollingHost => ({
  ...{ id, name: `host-${id}`, clusterId: 'c', usable: true, cpuMhz: 1000, memoryMib: 100, cpuMhzReserved: 0 },
  memoryMibReserved,
  ...more,
});
const child = (hostId: string, state: string, errorCode: string | null = null): RollingChild => ({
  ...{ hostId, state, errorCode },
  error: errorCode && `${hostId} said ${errorCode}`,
});
const THREE = [host('a'), host('b'), host('c')];
const decide = (scene: Partial<RollingScene>) =>
  decideRolling({ targets: THREE, clusterHosts: THREE, children: [], skipped: [], forced: false, ...scene });

describe('what is given out fits without a host', () => {
  it.each([
    ['N+1 of three nearly idle ones', [10, 10, 10], 1, true],
    ['exactly', [40, 30, 30], 1, true],
    ['not with one MiB more', [41, 30, 30], 1, false],
    ['yet without a reserve', [41, 30, 30], 0, true],
    ['two hosts have no N+1 left, unless they are empty', [1, 0], 1, false],
    ['two empty hosts', [0, 0], 1, true],
  ])('%s', (_, reserved, spare, expected) => {
    const hosts = reserved.map((memory, index) => host(String(index), memory));
    expect(fitsWithout(hosts, '0', spare)).toBe(expected);
  });
  it('by processors too', () =>
    expect(fitsWithout([host('0', 0, { cpuMhzReserved: 1500 }), host('1'), host('2')], '0', 1)).toBe(false));
});

describe('rolling maintenance', () => {
  it.each([
    ['begins with the first', {}, { kind: 'maintain', hostId: 'a' }],
    ['waits for the one under way', { children: [child('a', 'running')] }, { kind: 'wait', hostId: 'a' }],
    ['goes on with the next', { children: [child('a', 'succeeded')] }, { kind: 'maintain', hostId: 'b' }],
    [
      'passes over what a script avoids',
      { children: [child('a', 'failed', AVOIDED)] },
      { kind: 'skip', hostId: 'a', reason: `a said ${AVOIDED}` },
    ],
    [
      'and then goes on',
      { children: [child('a', 'failed', AVOIDED)], skipped: [{ hostId: 'a', reason: 'x' }] },
      { kind: 'maintain', hostId: 'b' },
    ],
    [
      'stops at a failure',
      { children: [child('a', 'failed', 'STEP_REFUSED')] },
      { kind: 'stop', reason: 'host-a: a said STEP_REFUSED' },
    ],
    [
      'passes over a failure when forced',
      { children: [child('a', 'failed', 'CONFLICT')], forced: true },
      { kind: 'skip', hostId: 'a', reason: 'a said CONFLICT' },
    ],
    [
      'passes over a host that does not answer',
      { targets: [host('a', 0, { usable: false })] },
      { kind: 'skip', hostId: 'a', reason: 'It does not answer, or takes no machines.' },
    ],
    ['is done after the last', { children: THREE.map(({ id }) => child(id, 'succeeded')) }, { kind: 'done' }],
  ])('%s', (_, scene, expected) => expect(decide(scene)).toEqual(expected));

  const full = [host('a', 60), host('b', 60), host('c', 20)];
  it('stops before it takes the reserve', () =>
    expect(decide({ targets: full, clusterHosts: full })).toMatchObject({
      kind: 'stop',
      reason: expect.stringContaining('host-a'),
    }));
  it('takes it when forced', () =>
    expect(decide({ targets: full, clusterHosts: full, forced: true })).toEqual({ kind: 'maintain', hostId: 'a' }));
  it("looks at the host's own cluster alone", () => {
    const other = [...full, host('x', 0, { clusterId: 'd' })];
    expect(decide({ targets: full, clusterHosts: other })).toMatchObject({ kind: 'stop' });
  });
});
