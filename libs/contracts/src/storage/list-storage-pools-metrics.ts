import { defineListCommand, ROOT_ONLY } from '../command.js';
import { text } from '../fields.js';
import { listStoragePools } from './list-storage-pools.js';
import { storagePoolView } from './storage-pool.view.js';

/** Lists primary-storage pools with their space in the units that people read. */
export const listStoragePoolsMetrics = defineListCommand({
  name: 'listStoragePoolsMetrics',
  domain: 'storage',
  description: 'Lists primary-storage pools as listStoragePools does, with their space in the units that people read.',
  rest: { method: 'GET', path: '/storage-pool-metrics' },
  roles: ROOT_ONLY,
  params: listStoragePools.params,
  result: storagePoolView.extend({
    diskSizeTotalGb: text('Its space, and how often that is given out: `931.32 GiB (x2)`.'),
    diskSizeUsedGb: text('What of it is in use, as measured.'),
    diskSizeAllocatedGb: text('What disks may grow to.'),
    diskSizeUnallocatedGb: text('What further disks may be given.'),
  }),
  wrapper: 'storagepool',
});
