import { listImageStores } from '@durastack/contracts/storage/list-image-stores';
import { defineList } from '../engine/define-list.js';

/** Image stores: secondary storage. */
export const imageStores = defineList({
  command: listImageStores,
  resource: 'image-store',
  table: 'image_store',
  joins: ['LEFT JOIN zone z ON z.id = b.zone_id'],
  where: 'NOT b.removed',
  columns: {
    id: 'b.id',
    name: 'b.name',
    zoneId: 'b.zone_id',
    zoneName: 'z.name',
    url: "CONCAT('file://', b.path)",
  },
  map: () => ({ protocol: 'file', providerName: 'Directory', scope: 'ZONE', readOnly: false }),
  filters: { name: 'b.name', zoneId: 'b.zone_id', protocol: 'accepted', provider: 'accepted', readOnly: 'accepted' },
  keyword: ['b.name'],
});
