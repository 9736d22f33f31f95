import { z } from 'zod';
import { defineListCommand, ROOT_ONLY } from '../command.js';
import { bool, text } from '../fields.js';
import { listParams } from '../list-params.js';

const { id: _id, ...paging } = listParams;

/** Lists the tags that hosts bear. */
export const listHostTags = defineListCommand({
  name: 'listHostTags',
  domain: 'infra',
  description: 'Lists the tags that hosts bear, each once, for offerings to ask for.',
  rest: { method: 'GET', path: '/host-tags' },
  roles: ROOT_ONLY,
  params: z.object(paging),
  result: z.object({
    id: text('What it is known by: its name.'),
    name: text('The tag.'),
    isImplicit: bool('Whether hosts give it to themselves: none is.'),
  }),
  wrapper: 'hosttag',
});
