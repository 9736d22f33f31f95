import { z } from 'zod';
import { defineListCommand, ROOT_ONLY } from '../command.js';
import { bool, text, uuid } from '../fields.js';
import { listParams } from '../list-params.js';
import { imageStoreView } from './image-store.view.js';

/** Lists image stores. */
export const listImageStores = defineListCommand({
  name: 'listImageStores',
  domain: 'storage',
  description: 'Lists image stores: secondary storage.',
  rest: { method: 'GET', path: '/image-stores' },
  roles: ROOT_ONLY,
  params: z.object({
    ...listParams,
    name: text('Only the one with this name.').optional(),
    zoneId: uuid('Only those of this zone.').optional(),
    protocol: text('Accepted for compatibility: all are files.').optional(),
    provider: text('Accepted for compatibility: all are directories.').optional(),
    readOnly: bool('Accepted for compatibility: none is read-only.').optional(),
  }),
  result: imageStoreView,
  wrapper: 'imagestore',
});
