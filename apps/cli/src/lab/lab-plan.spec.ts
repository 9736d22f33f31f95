import { describe, expect, it } from 'vitest';
import { MOST_HOSTS, planCeph, planFabric, planHost } from './lab-plan.js';

const SUBNET = { gateway: '10.1.2.1', netmask: '255.255.255.0', startIp: '10.1.2.10', endIp: '10.1.2.250' };
const INSTANCE = 'd123456';

describe('the plan of a lab', () => {
  const hosts = Array.from({ length: MOST_HOSTS }, (_, i) => planHost(INSTANCE, SUBNET, i + 1));
  const cables = hosts.flatMap((host) => Object.values(host.cables));

  it('gives no address, MAC, name or device twice', () => {
    const ceph = planCeph(INSTANCE);
    const unique = (values: readonly string[]) => expect(new Set(values).size).toBe(values.length);
    unique([...cables, ceph.cable].map(({ mac }) => mac));
    unique([...cables, ceph.cable].map(({ peer }) => peer));
    unique([SUBNET.gateway, ...hosts.map((host) => host.bmcAddress), ...cables.map(({ address }) => address)]);
    unique([...hosts.map(({ namespace }) => namespace), ceph.namespace, planFabric(INSTANCE).namespace]);
  });

  it('keeps to the length of device names', () => {
    for (const name of [planFabric(INSTANCE).managementBridge, ...cables.map(({ peer }) => peer)]) {
      expect(name.length).toBeLessThanOrEqual(15);
    }
  });
});
