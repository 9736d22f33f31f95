import { describe, expect, it } from 'vitest';
import { chooseSubnet } from './free-subnet.js';

const firstOctets = (ip: string) => ip.split('.').slice(0, 3).join('.');

describe('choosing a network', () => {
  it('gives the same instance the same one, and others mostly others', () => {
    expect(chooseSubnet('d123456', [])).toEqual(chooseSubnet('d123456', []));
    const gateways = Array.from({ length: 50 }, (_, i) => chooseSubnet(`d${i}`, [])?.gateway);
    expect(new Set(gateways).size).toBeGreaterThan(30);
  });

  it('keeps away from what the machine has routes to', () => {
    const first = chooseSubnet('d123456', ['default', 'broadcast x']);
    expect(first).toBeDefined();
    const prefix = firstOctets(first?.gateway ?? '');
    for (const taken of [`${prefix}.0/24`, `${prefix}.77`, prefix.replace(/\.\d+$/, '.0.0/16')]) {
      expect(firstOctets(chooseSubnet('d123456', [taken])?.gateway ?? '')).not.toBe(prefix);
    }
  });

  it('gives none when everything is taken', () => {
    expect(chooseSubnet('d123456', ['10.0.0.0/8'])).toBeUndefined();
  });
});
