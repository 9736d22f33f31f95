import { listTemplates } from '@durastack/contracts/image/list-templates';
import { whether } from '../engine/columns.js';
import { defineList } from '../engine/define-list.js';
import { raw } from '../engine/sql.js';
import { IMAGE_LIST, imageFilter } from './image-list.js';

/** Templates: disk images that machines are made from. */
export const templates = defineList({
  ...IMAGE_LIST,
  command: listTemplates,
  where: "b.state <> 'Removed' AND b.format <> 'iso'",
  filters: {
    templateFilter: imageFilter,
    name: 'b.name',
    zoneId: 'b.zone_id',
    hypervisor: 'b.hypervisor',
    imageStoreId: 'b.store_id',
    isReady: whether("b.state = 'Ready'"),
    templateType: (type) => (type.toUpperCase() === 'USER' ? undefined : raw('FALSE')),
    showRemoved: 'accepted',
    showUnique: 'accepted',
    details: 'accepted',
    isVnf: 'accepted',
  },
});
