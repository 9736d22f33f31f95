import { describe, expect, it } from 'vitest';
import { addressesOf, vlanNameOf } from './public-range.js';

const range = { gateway: '192.0.2.1', netmask: '255.255.255.0', startIp: '192.0.2.10', endIp: '192.0.2.12' };

describe('a range of public addresses', () => {
  it('has every address from the first to the last', () => {
    expect(addressesOf(range)).toEqual(['192.0.2.10', '192.0.2.11', '192.0.2.12']);
    expect(addressesOf({ ...range, endIp: range.startIp })).toEqual(['192.0.2.10']);
  });

  it.each([
    [{ endIp: '192.0.2.9' }, 'comes before'],
    [{ endIp: '192.0.3.9' }, 'is not in the network 192.0.2.0/24'],
    [{ startIp: '192.0.2.0' }, 'address of the network'],
    [{ endIp: '192.0.2.255' }, 'broadcast'],
    [{ gateway: '192.0.2.11' }, 'lies in the range'],
    [{ netmask: '255.0.0.255' }, 'is not a netmask'],
    [{ startIp: 'here' }, 'is not an IPv4 address'],
    [{ gateway: '10.0.0.1', netmask: '255.0.0.0', startIp: '10.0.0.2', endIp: '10.1.0.2' }, 'at most 65536'],
  ])('is refused with %j', (part, why) => {
    expect(() => addressesOf({ ...range, ...part })).toThrow(why);
  });
});

describe('a VLAN', () => {
  it('is kept in one form', () => {
    expect(['vlan://untagged', undefined, 'Untagged', 'vlan://100', '7'].map(vlanNameOf)).toEqual([
      ...['untagged', 'untagged', 'untagged', '100', '7'],
    ]);
  });

  it.each(['0', '4095', 'vxlan://5', 'x'])('is not %s', (text) => {
    expect(() => vlanNameOf(text)).toThrow('neither 1 to 4094 nor untagged');
  });
});
