import { z } from 'zod';
import { text, uuid } from '../fields.js';

/** A cluster. */
export const clusterView = z.object({
  id: uuid('The cluster.'),
  name: text('Its name.'),
  podId: uuid('Its pod.'),
  podName: text('The name of its pod.'),
  zoneId: uuid('Its zone.'),
  zoneName: text('The name of its zone.'),
  hypervisorType: text('KVM or Simulator.'),
  clusterType: text('CloudManaged.'),
  allocationState: text('Enabled or Disabled.'),
  managedState: text('Managed.'),
  cpuOvercommitRatio: text('How often each processor is given out.').optional(),
  memoryOvercommitRatio: text('How often memory is given out.').optional(),
});
