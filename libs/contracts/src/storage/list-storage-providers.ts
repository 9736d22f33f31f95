import { z } from 'zod';
import { defineListCommand, ROOT_ONLY } from '../command.js';
import { text } from '../fields.js';

/** Lists what createStoragePool and addImageStore take as `provider`. */
export const listStorageProviders = defineListCommand({
  name: 'listStorageProviders',
  domain: 'storage',
  description: 'Lists what createStoragePool and addImageStore take as their provider.',
  rest: { method: 'GET', path: '/storage-providers' },
  roles: ROOT_ONLY,
  params: z.object({ type: text('primary, image, or another kind of storage, of which there is none.') }),
  result: z.object({
    name: text('What those commands take.'),
    type: text('PRIMARY or IMAGE.'),
  }),
  wrapper: 'dataStoreProvider',
});
