import { z } from 'zod';
import { defineListCommand, ROOT_ONLY } from '../command.js';
import { text } from '../fields.js';
import { listParams } from '../list-params.js';

const { id: _id, ...paging } = listParams;

/** Lists the tags that primary-storage pools bear. */
export const listStorageTags = defineListCommand({
  name: 'listStorageTags',
  domain: 'storage',
  description: 'Lists the tags that primary-storage pools bear, each once, for offerings to ask for.',
  rest: { method: 'GET', path: '/storage-tags' },
  roles: ROOT_ONLY,
  params: z.object(paging),
  result: z.object({ id: text('What it is known by: its name.'), name: text('The tag.') }),
  wrapper: 'storagetag',
});
