import { z } from 'zod';
import { bool, date, int, long, map, object, text, uuid } from '../fields.js';
import { jobFields } from '../view-fields.js';
import { hostHaFields } from './host-ha.view.js';
import { outOfBandManagementView } from './out-of-band-management.view.js';

/** A host. */
export const hostView = z.object({
  id: uuid('The host.'),
  name: text('Its name.'),
  state: text('Creating, Up, Disconnected, Down, Removing or Error.'),
  resourceState: text('Enabled, Disabled, PrepareForMaintenance or Maintenance.'),
  type: text('Routing: it runs machines.'),
  ipAddress: text('Its address.').optional(),
  zoneId: uuid('Its zone.'),
  zoneName: text('The name of its zone.'),
  podId: uuid('Its pod.'),
  podName: text('The name of its pod.'),
  clusterId: uuid('Its cluster.'),
  clusterName: text('The name of its cluster.'),
  clusterType: text('CloudManaged.'),
  hypervisor: text('KVM or Simulator.'),
  hypervisorVersion: text('The version of the hypervisor.').optional(),
  version: text('The version of its agent.').optional(),
  hostTags: text('Its tags, comma-joined.').optional(),
  cpuNumber: int('Processors.'),
  cpuSpeed: long('MHz of each.'),
  cpuAllocated: text('Share that is given out of the MHz that can be.'),
  cpuAllocatedValue: long('MHz that are given out.'),
  cpuAllocatedPercentage: text('Share that is given out of the MHz that can be.'),
  cpuWithOverprovisioning: text('MHz that can be given out.'),
  cpuUsed: text('Measured use of its processors.').optional(),
  memoryTotal: long('Bytes.'),
  memoryAllocated: long('Bytes that are given out.'),
  memoryAllocatedBytes: long('Bytes that are given out.'),
  memoryAllocatedPercentage: text('Share that is given out of the memory that can be.'),
  memoryWithOverprovisioning: text('Bytes that can be given out.'),
  memoryUsed: long('Measured use, in bytes.').optional(),
  hasEnoughCapacity: bool('Whether anything is left to give out.'),
  localStorageActive: bool('Whether it has a local pool.', { wireName: 'islocalstorageactive' }),
  capabilities: text('hvm.'),
  events: text('What can happen to it now.').optional(),
  details: map(
    'The agent and how guests run there. `watchdogmilliseconds`: a hardware watchdog is armed, and starts the host anew so long after it was last heard.',
  ).optional(),
  outOfBandManagement: object(
    'Its management controller, when one is configured.',
    outOfBandManagementView.shape,
  ).optional(),
  created: date('When it was added.'),
  lastPinged: date('When its agent was last heard.').optional(),
  hostHa: object('How HA stands with it; absent while HA is not configured for it.', hostHaFields).optional(),
  ...jobFields,
});
