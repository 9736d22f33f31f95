import { describe, expect, it } from 'vitest';
import { chooseVni, parseVni, parseVniRange } from './vni.js';

describe('ranges of VXLAN identifiers', () => {
  it('are read as first and last', () => {
    expect(parseVniRange('5000-5999')).toEqual({ first: 5000, last: 5999 });
    expect(parseVniRange(' 1 - 16777215 ')).toEqual({ first: 1, last: 16_777_215 });
    expect(parseVniRange('None')).toBeUndefined();
  });

  it.each(['', '5000', '0-5', '6-5', '1-16777216', '-1-5', '1-2-3', 'a-b', '1.5-2', '1-2;'])('%s is none', (text) => {
    expect(() => parseVniRange(text)).toThrow(`'${text}' is no range`);
  });
});

describe('a VXLAN identifier', () => {
  it('is read with and without its scheme', () => {
    expect([parseVni('vxlan://5001'), parseVni('VXLAN://1'), parseVni('16777215')]).toEqual([5001, 1, 16_777_215]);
  });

  it.each(['vlan://5', 'vxlan://', 'vxlan://0', 'vxlan://16777216', 'untagged', '5x', '1e3', ' 5'])(
    '%s is none',
    (text) => {
      expect(() => parseVni(text)).toThrow('is no VXLAN identifier');
    },
  );

  it('is the one after the highest, then the first gap, until all are taken', () => {
    const range = { first: 10, last: 12 };
    expect(chooseVni(range, new Set())).toBe(10);
    expect(chooseVni(range, new Set([11, 99]))).toBe(12);
    expect(chooseVni(range, new Set([10, 12]))).toBe(11);
    expect(() => chooseVni(range, new Set([10, 11, 12]))).toThrow('All VNIs of the zone (10-12) are in use');
  });

  it('is the one asked for, if it is free and in the range', () => {
    const range = { first: 10, last: 12 };
    expect(chooseVni(range, new Set([10]), 12)).toBe(12);
    expect(() => chooseVni(range, new Set([10]), 10)).toThrow('in use by another network');
    expect(() => chooseVni(range, new Set(), 13)).toThrow("not in the zone's range 10-12");
  });
});
