import { describe, expect, it } from 'vitest';
import { cidrOf, contains, freeAddresses, isUsable, netmaskOf, toAddress, toNumber } from './address-plan.js';

describe('address plan', () => {
  it.each([
    ['0.0.0.0', 0],
    ['10.1.2.3', 167838211],
    ['255.255.255.255', 4294967295],
  ])('%s is %d', (ip, value) => {
    expect(toNumber(ip)).toBe(value);
    expect(toAddress(value)).toBe(ip);
  });

  it.each(['', '1.2.3', '1.2.3.256', '1.2.3.x', '1.2.3.4.5'])('refuses %j', (ip) => {
    expect(() => toNumber(ip)).toThrow(/is not an IPv4 address/);
  });

  it.each([
    ['10.1.2.0/24', '255.255.255.0'],
    ['10.1.2.0/23', '255.255.254.0'],
    ['0.0.0.0/0', '0.0.0.0'],
  ])('netmask of %s', (cidr, mask) => {
    expect(netmaskOf(cidr)).toBe(mask);
  });

  it('names a network by one of its addresses', () => {
    expect(cidrOf('10.1.2.77', '255.255.255.0')).toBe('10.1.2.0/24');
    expect(() => cidrOf('10.1.2.77', '255.0.255.0')).toThrow(/is not a netmask/);
    expect(contains('10.1.2.0/24', '10.1.2.255')).toBe(true);
    expect(contains('10.1.2.0/24', '10.1.3.0')).toBe(false);
  });

  it('gives every free address once, wherever it begins', () => {
    const range = { startIp: '10.0.0.1', endIp: '10.0.0.4', reserved: ['10.0.0.1'] };
    expect([...freeAddresses(range, new Set(['10.0.0.3']), 2)]).toEqual(['10.0.0.4', '10.0.0.2']);
    expect([...freeAddresses(range, new Set(['10.0.0.2', '10.0.0.3', '10.0.0.4']), 0)]).toEqual([]);
  });
});

it.each([
  ['10.1.2.0', false],
  ['10.1.2.1', true],
  ['10.1.2.254', true],
  ['10.1.2.255', false],
  ['10.1.3.1', false],
] as const)('%s can be had in 10.1.2.0/24: %s', (ip, usable) => {
  expect(isUsable('10.1.2.0/24', ip)).toBe(usable);
});
