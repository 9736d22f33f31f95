import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';

/** Forgets an image store that holds no template. Its files are not touched. */
export const deleteImageStore = defineCommand({
  name: 'deleteImageStore',
  domain: 'storage',
  description: 'Forgets an image store that holds no template. Its files are not touched.',
  event: 'IMAGE.STORE.DELETE',
  rest: { method: 'DELETE', path: '/image-stores/{id}' },
  roles: ROOT_ONLY,
  params: z.object({ id: uuid('The image store.') }),
});
