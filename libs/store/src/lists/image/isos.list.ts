import { listIsos } from '@durastack/contracts/image/list-isos';
import { whether } from '../engine/columns.js';
import { defineList } from '../engine/define-list.js';
import { IMAGE_LIST, imageFilter } from './image-list.js';

/** ISOs: CDs' images. */
export const isos = defineList({
  ...IMAGE_LIST,
  command: listIsos,
  where: "b.state <> 'Removed' AND b.format = 'iso'",
  filters: {
    isoFilter: imageFilter,
    name: 'b.name',
    zoneId: 'b.zone_id',
    imageStoreId: 'b.store_id',
    isReady: whether("b.state = 'Ready'"),
    isPublic: whether('b.is_public'),
    bootable: whether('b.bootable'),
    hypervisor: 'accepted',
    showRemoved: 'accepted',
    showUnique: 'accepted',
  },
});
