import { z } from 'zod';
import { date, long, text, uuid } from '../fields.js';
import { jobFields } from '../view-fields.js';

/** A primary-storage pool. */
export const storagePoolView = z.object({
  id: uuid('The pool.'),
  name: text('Its name.'),
  state: text('Creating, Up, Maintenance, Removing or Error.'),
  type: text('Filesystem or SharedMountPoint.'),
  scope: text('HOST, CLUSTER or ZONE.'),
  path: text('Its directory on hosts.', { max: 1024 }),
  ipAddress: text('localhost: hosts reach it as a directory.'),
  zoneId: uuid('Its zone.'),
  zoneName: text('The name of its zone.'),
  podId: uuid('Its pod.').optional(),
  podName: text('The name of its pod.').optional(),
  clusterId: uuid('Its cluster.').optional(),
  clusterName: text('The name of its cluster.').optional(),
  hypervisor: text('KVM or Simulator.').optional(),
  provider: text('DefaultPrimary.'),
  tags: text('Its tags, comma-joined.').optional(),
  diskSizeTotal: long('Bytes that it holds.'),
  diskSizeAllocated: long('Bytes that are given out to volumes.'),
  diskSizeUsed: long('Bytes that are in use, as measured.'),
  overProvisionFactor: text('How many times its size is given out.'),
  created: date('When it was made.'),
  ...jobFields,
});
