import { listDiskOfferings } from '@durastack/contracts/storage/list-disk-offerings';
import { defineList } from '../engine/define-list.js';

/** Disk offerings: sizes of data disks. */
export const diskOfferings = defineList({
  command: listDiskOfferings,
  resource: 'disk-offering',
  table: 'disk_offering',
  where: 'NOT b.removed',
  columns: {
    id: 'b.id',
    name: 'b.name',
    displayText: 'b.display_text',
    diskSize: 'b.size_bytes DIV 1073741824',
    isCustomized: 'b.customized',
    storageType: 'b.storage_type',
    tags: 'b.tags',
    created: 'b.created_at',
  },
  map: () => ({ isCustomizedIops: false, provisioningType: 'thin', displayOffering: true, state: 'Active' }),
  filters: { name: 'b.name', storageType: 'b.storage_type', state: 'accepted', zoneId: 'accepted' },
  keyword: ['b.name', 'b.display_text'],
});
