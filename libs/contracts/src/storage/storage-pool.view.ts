import { z } from 'zod';
import { bool, date, long, map, text, uuid } from '../fields.js';
import { jobFields } from '../view-fields.js';

/** A primary-storage pool. */
export const storagePoolView = z.object({
  id: uuid('The pool.'),
  name: text('Its name.'),
  zoneId: uuid('Its zone.'),
  zoneName: text('The name of its zone.'),
  podId: uuid('Its pod.').optional(),
  podName: text('The name of its pod.').optional(),
  clusterId: uuid('Its cluster.').optional(),
  clusterName: text('The name of its cluster.').optional(),
  type: text(
    'Filesystem: a directory of one host. SharedMountPoint: a directory that all hosts see. RBD: a pool of a Ceph cluster.',
  ),
  scope: text('HOST, CLUSTER or ZONE.'),
  path: text('The directory on hosts; of RBD the name of the Ceph pool.', { max: 1024 }),
  ipAddress: text('localhost; of RBD the first monitor.'),
  state: text('Creating, Up, Disabled, Maintenance, Removing or Error.'),
  hypervisor: text('The hypervisor of its hosts.').optional(),
  diskSizeTotal: long('Bytes.'),
  diskSizeUsed: long('Bytes in use, as measured.'),
  diskSizeAllocated: long('Bytes that disks may grow to.'),
  overprovisionFactor: text('How often space is given out.'),
  tags: text('Its tags, comma-joined.').optional(),
  details: map(
    '`locks`, of a directory that hosts share: `proven` when QEMU of every host that is up was seen to be kept off an image that QEMU of another host has open, else `not proven`; machines on a pool of the latter kind need another proof before they are started again elsewhere. `lockstriedat`: when that was tried last.',
  ).optional(),
  provider: text('DefaultPrimary.'),
  managed: bool('Whether a storage system manages each disk.'),
  suitableForMigration: bool('Whether disks can be moved there.'),
  created: date('When it was created.'),
  ...jobFields,
});
