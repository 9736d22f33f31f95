import { describe, expect, it } from 'vitest';
import type { DrsMove } from '@durastack/contracts/infra/drs-moves';
import { decideMoves, type MovesScene } from './decide-moves.js';

const move = (position: number, change: Partial<DrsMove> = {}): DrsMove => ({
  ...{ position, vmId: `vm-${position}`, vmName: `vm-${position}`, fromHostId: 'a', toHostId: 'b', passedOver: null },
  ...{ childState: null, childError: null, vmHostId: 'a', vmState: 'Running', vmBusy: false },
  ...change,
});
const scene = (moves: readonly DrsMove[], change: Partial<MovesScene> = {}): MovesScene => ({
  ...{ moves, changedHosts: [], recovering: false, atOnce: 2 },
  ...change,
});
const done = { childState: 'succeeded', vmHostId: 'b' } as const;

describe('what is done next of a plan', () => {
  it.each<[string, MovesScene, object]>([
    ['nothing, without moves', scene([]), { kind: 'done' }],
    ['nothing, when all ended', scene([move(0, done), move(1, { passedOver: 'x' })]), { kind: 'done' }],
    ['the first two', scene([move(0), move(1), move(2)]), { kind: 'go-on', start: [0, 1] }],
    [
      'one beside one that is under way',
      scene([move(0, { childState: 'running' }), move(1), move(2)]),
      { kind: 'go-on', start: [1] },
    ],
    [
      'none but waiting for the last ones',
      scene([move(0, { childState: 'running' }), move(1, done)]),
      { kind: 'go-on', start: [] },
    ],
    [
      'none past a machine that waits for attention',
      scene([move(0, { childState: 'needs-attention' }), move(1, { childState: 'queued' }), move(2)]),
      { kind: 'go-on', start: [] },
    ],
    [
      'those whose machine is still there and free',
      scene([
        move(0, { vmHostId: 'c' }),
        move(1, { vmBusy: true }),
        move(2, { vmState: 'Stopped', vmHostId: null }),
        move(3, { vmState: null, vmHostId: null }),
        move(4),
      ]),
      {
        kind: 'go-on',
        start: [4],
        passOver: [
          { position: 0, reason: 'The machine is on another host now.' },
          { position: 1, reason: 'Another operation is at work on the machine.' },
          { position: 2, reason: 'The machine is Stopped now.' },
          { position: 3, reason: 'The machine has gone.' },
        ],
      },
    ],
    [
      'an end, when a host is out of use',
      scene([move(0)], { changedHosts: [{ id: 'b', name: 'host-b', what: 'Disconnected', awaited: false }] }),
      { kind: 'stop', reason: 'Host host-b is Disconnected now.' },
    ],
    [
      'all as planned, when it is a host of moves that are over',
      scene([move(0, done), move(1, { toHostId: 'c' })], {
        changedHosts: [{ id: 'b', name: 'host-b', what: 'Disabled', awaited: false }],
      }),
      { kind: 'go-on', start: [1] },
    ],
    [
      'nothing new, while a host may come back',
      scene([move(0)], { changedHosts: [{ id: 'b', name: 'host-b', what: 'Disconnected', awaited: true }] }),
      { kind: 'go-on', start: [] },
    ],
    [
      'nothing new, while machines of a lost host are started elsewhere',
      scene([move(0)], { recovering: true }),
      { kind: 'go-on', start: [] },
    ],
    [
      'an end, after three failures',
      scene([...[0, 1, 2].map((at) => move(at, { childState: 'failed', childError: 'no room' })), move(3)]),
      { kind: 'stop', reason: '3 moves failed, the last with: no room' },
    ],
  ])('is %s', (_, given, expected) => {
    expect(decideMoves(given)).toMatchObject(expected);
  });
});
