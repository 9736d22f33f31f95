import { describe, expect, it } from 'vitest';
import { sizeOf, splitDetails, type OfferedSize } from './machine-size.js';

const fixed: OfferedSize = {
  ...{ name: 'Small', vcpus: 1, cpuMhz: 500, memoryMib: 512 },
  ...{ minVcpus: null, maxVcpus: null, minMemoryMib: null, maxMemoryMib: null },
};
const open: OfferedSize = { ...fixed, name: 'Any', vcpus: null, cpuMhz: null, memoryMib: null };
const bound: OfferedSize = {
  ...{ ...open, name: 'Bound', cpuMhz: 1_000 },
  ...{ minVcpus: 2, maxVcpus: 4, minMemoryMib: 256, maxMemoryMib: 1_024 },
};

describe('the size of a machine', () => {
  it.each([
    [fixed, {}, { vcpus: 1, cpuMhz: 500, memoryMib: 512 }],
    [fixed, { memory: '512' }, { vcpus: 1, cpuMhz: 500, memoryMib: 512 }],
    [open, { cpuNumber: '3', cpuSpeed: '700', memory: '16' }, { vcpus: 3, cpuMhz: 700, memoryMib: 16 }],
    [bound, { cpuNumber: '2', memory: '256' }, { vcpus: 2, cpuMhz: 1_000, memoryMib: 256 }],
    [bound, { cpuNumber: ' 4', cpuSpeed: '1000', memory: '1024' }, { vcpus: 4, cpuMhz: 1_000, memoryMib: 1_024 }],
  ])('of %j with %j is %j', (offering, choice, size) => {
    expect(sizeOf(offering, choice)).toEqual(size);
  });

  it.each([
    [fixed, { cpuNumber: '2' }, 'have a cpuNumber of 1'],
    [open, {}, 'leaves cpuNumber open: give it in details, a whole number from 1 to 512'],
    [open, { cpuNumber: '1', memory: '512' }, 'leaves cpuSpeed open'],
    [bound, { cpuNumber: '1', memory: '512' }, 'a whole number from 2 to 4'],
    [bound, { cpuNumber: '5', memory: '512' }, 'a whole number from 2 to 4'],
    [bound, { cpuNumber: '2', memory: '255' }, 'a whole number from 256 to 1024'],
    [bound, { cpuNumber: '2', memory: '1025' }, 'a whole number from 256 to 1024'],
    [bound, { cpuNumber: '2.5', memory: '512' }, 'a whole number'],
    [bound, { cpuNumber: '-2', memory: '512' }, 'a whole number'],
    [bound, { cpuNumber: '', memory: '512' }, 'a whole number'],
    [bound, { cpuNumber: '2', cpuSpeed: '999', memory: '512' }, 'have a cpuSpeed of 1000'],
  ])('of %j with %j is refused', (offering, choice, why) => {
    expect(() => sizeOf(offering, choice)).toThrow(why);
  });
});

describe('details of calls', () => {
  it('that choose a size are told from others, without case', () => {
    expect(splitDetails({ CPUnumber: '2', memory: '1', color: 'blue' })).toEqual({
      size: { cpuNumber: '2', memory: '1' },
      free: { color: 'blue' },
    });
    expect(splitDetails()).toEqual({ size: {}, free: {} });
  });
});
