import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { map, text, uuid } from '../fields.js';
import { imageStoreView } from './image-store.view.js';

/** Adds an image store: a directory that the hosts of a zone reach at the same path. */
export const addImageStore = defineCommand({
  name: 'addImageStore',
  domain: 'storage',
  description: 'Adds an image store: a directory that the hosts of a zone reach at the same path.',
  event: 'IMAGE.STORE.CREATE',
  rest: { method: 'POST', path: '/image-stores' },
  roles: ROOT_ONLY,
  params: z.object({
    name: text('Its name; made from the path when not given.').min(1).optional(),
    url: text('The directory, e.g. file:///srv/images.', { max: 1024 }),
    zoneId: uuid('Its zone.'),
    provider: text('Directory; other names are taken for it.'),
    details: map('Accepted for compatibility.').optional(),
  }),
  result: imageStoreView,
  wrapper: 'imagestore',
});
