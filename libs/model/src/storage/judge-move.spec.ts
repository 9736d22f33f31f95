import type { MoveTarget, VolumeToMove } from '@durastack/contracts/storage/volume-move';
import { describe, expect, it } from 'vitest';
import { judgeMove, judgeTarget } from './judge-move.js';

const GIB = 2 ** 30;
const volume: VolumeToMove = {
  id: 'v',
  name: 'data-1',
  state: 'Ready',
  zoneId: 'z',
  poolId: 'p1',
  sizeBytes: 10 * GIB,
  tags: [],
};
const target: MoveTarget = {
  id: 'p2',
  name: 'fast',
  zoneId: 'z',
  state: 'Up',
  allocationState: 'Enabled',
  kind: 'directory',
  capacityBytes: 100 * GIB,
  overprovisioning: 2,
  reservedBytes: 0,
  tags: [],
  hostId: 'h',
};
const machine = (state: string, hostId: string | null = 'h') => ({ id: 'm', name: 'web-1', state, hostId });

describe('judgeMove', () => {
  it.each([
    ['detached', volume, false, undefined],
    ['of a stopped machine', { ...volume, machine: machine('Stopped', null) }, false, undefined],
    ['of a running machine, live', { ...volume, machine: machine('Running') }, true, undefined],
    ['of a running machine, not live', { ...volume, machine: machine('Running') }, false, /livemigrate=true/],
    ['of a machine in error', { ...volume, machine: machine('Error') }, true, /web-1 is Error/],
    ['that does not exist yet', { ...volume, state: 'Allocated', poolId: null }, true, /data-1 is Allocated/],
    ['that is to be removed', { ...volume, state: 'Destroy' }, true, /data-1 is Destroy/],
  ])('a volume %s', (_what, one, live, expected) => {
    const said = judgeMove(one, live);
    if (expected === undefined) expect(said).toBeUndefined();
    else expect(said).toMatch(expected);
  });
});

describe('judgeTarget', () => {
  it.each([
    ['with room', {}, undefined],
    ['of the volume itself', { id: 'p1' }, /has the volume already/],
    ['of another zone', { zoneId: 'other' }, /another zone/],
    ['that is not up', { state: 'Error' }, /is Error/],
    ['that is disabled', { allocationState: 'Disabled' }, /takes nothing new/],
    ['that no host reaches', { hostId: null }, /reached by no host/],
    ['that is full', { reservedBytes: 195 * GIB }, /no room: the volume may grow to 10 GiB, and 5 GiB of 200 GiB/],
    ['that is just large enough', { reservedBytes: 190 * GIB }, undefined],
  ])('a pool %s', (_what, change, expected) => {
    const said = judgeTarget(volume, { ...target, ...change })?.text;
    if (expected === undefined) expect(said).toBeUndefined();
    else expect(said).toMatch(expected);
  });

  it('asks for the tags of the offering, and names the machine whose host is out of reach', () => {
    expect(judgeTarget({ ...volume, tags: ['ssd'] }, target)?.text).toMatch(/lacks the tag ssd/);
    expect(judgeTarget({ ...volume, tags: ['ssd'] }, { ...target, tags: ['ssd'] })).toBeUndefined();
    expect(judgeTarget({ ...volume, machine: machine('Running') }, { ...target, hostId: null })?.text).toMatch(
      /host of web-1/,
    );
  });
});
