import { expect, it } from 'vitest';
import { growthRefusal, growthRoom } from './growth-room.js';

it.each([
  [
    { vcpus: 1, memoryMib: 512 },
    { maxVcpus: 4, maxMemoryMib: 2_048 },
  ],
  [
    { vcpus: 32, memoryMib: 262_144 },
    { maxVcpus: 64, maxMemoryMib: 524_288 },
  ],
  // So small a one would lose too much of its memory to room for more.
  [
    { vcpus: 1, memoryMib: 511 },
    { maxVcpus: 4, maxMemoryMib: 511 },
  ],
  // What is larger than any room has just what it has.
  [
    { vcpus: 128, memoryMib: 1_048_576 },
    { maxVcpus: 128, maxMemoryMib: 1_048_576 },
  ],
])('%o is started with room for %o', (size, room) => {
  expect(growthRoom(size)).toEqual(room);
});

it.each([
  [{ vcpus: 2, memoryMib: 512 }, undefined],
  [{ vcpus: 1, memoryMib: 1_024 }, undefined],
  [{ vcpus: 1, memoryMib: 512 }, undefined],
  [{ vcpus: 0, memoryMib: 512 }, /processors/],
  [{ vcpus: 1, memoryMib: 256 }, /memory and cannot/],
  [{ vcpus: 1, memoryMib: 600 }, /steps of 128 MiB/],
])('1 processor and 512 MiB become %o: %s', (to, refusal) => {
  const said = growthRefusal({ vcpus: 1, memoryMib: 512 }, to);
  expect(refusal === undefined ? said : refusal.test(said ?? '')).toBe(refusal === undefined ? undefined : true);
});

it.each([
  [{ vcpus: 2, memoryMib: 128 }, undefined],
  [{ vcpus: 1, memoryMib: 256 }, /started without room for more, as all below 512 MiB \(256 wanted\)/],
])('1 processor and 128 MiB become %o: %s', (to, refusal) => {
  const said = growthRefusal({ vcpus: 1, memoryMib: 128 }, to);
  if (refusal === undefined) expect(said).toBeUndefined();
  else expect(said).toMatch(refusal);
});
