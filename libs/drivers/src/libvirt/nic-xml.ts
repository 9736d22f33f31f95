import type { NicSpec } from '@durastack/contracts/agent/specs';
import type { Xml } from './disk-xml.js';

/** An interface of a machine. `withoutOffloads`: nobody completes checksums on its network. */
export function nicXml(nic: NicSpec, withoutOffloads: boolean): Xml {
  const { network } = nic;
  const off = { '@csum': 'off', '@tso4': 'off', '@tso6': 'off', '@ecn': 'off', '@ufo': 'off' };
  return {
    '@type': 'bridge',
    mac: { '@address': nic.mac },
    source: { '@bridge': network.bridge },
    ...(network.driver === 'ovs' ? { virtualport: { '@type': 'openvswitch' } } : {}),
    ...(network.driver === 'ovs' && network.vlan ? { vlan: { tag: { '@id': network.vlan } } } : {}),
    target: { '@dev': nic.tap },
    model: { '@type': 'virtio' },
    ...(withoutOffloads ? { driver: { host: { ...off, '@gso': 'off' }, guest: off } } : {}),
    mtu: { '@size': network.mtu },
  };
}
