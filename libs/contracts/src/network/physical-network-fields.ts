/** Parameters that commands on physical networks share. */
import { z } from 'zod';
import { field, oneOf, text } from '../fields.js';

/** Kinds of traffic that a physical network carries. */
export const TRAFFIC_TYPES = ['Public', 'Guest', 'Management', 'Storage', 'Control'] as const;

/** Numbers and ranges of VLANs or VNIs. */
export const vlanRange = field(
  z
    .string()
    .max(255)
    .regex(/^(\d+(-\d+)?(,\d+(-\d+)?)*)?$/, 'is no list of numbers and ranges, as 100-199,300'),
  {
    description: 'VLANs or VNIs that its networks may have: numbers and ranges, comma-joined.',
    wire: 'string',
    length: 255,
  },
);

/** Whether it is in use. */
export const inUse = oneOf('Whether it is in use.', ['Enabled', 'Disabled']);

/** What hosts of each hypervisor call the network; the first is that of the hosts here. */
export const trafficLabels = {
  kvmNetworkLabel: text('The name of the bridge on KVM hosts.').optional(),
  vmwareNetworkLabel: text('The same on VMware hosts.').optional(),
  xenNetworkLabel: text('The same on XenServer hosts.').optional(),
  hypervNetworkLabel: text('The same on Hyper-V hosts.').optional(),
  ovm3NetworkLabel: text('The same on OVM3 hosts.').optional(),
} as const;
