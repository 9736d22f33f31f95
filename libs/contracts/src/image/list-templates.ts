import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { bool, list, oneOf, text, uuid, word } from '../fields.js';
import { ids, scopedListParams, tagFilter } from '../list-params.js';
import { templateView } from './template.view.js';

/** Which templates or ISOs are asked for. */
export const IMAGE_FILTERS = [
  'featured',
  'self',
  'selfexecutable',
  'sharedexecutable',
  'executable',
  'community',
  'all',
] as const;
/** See {@link IMAGE_FILTERS}. */
export type ImageFilter = (typeof IMAGE_FILTERS)[number];

/** Lists templates. */
export const listTemplates = defineListCommand({
  name: 'listTemplates',
  domain: 'image',
  description: 'Lists templates: disk images that machines are made from.',
  rest: { method: 'GET', path: '/templates' },
  roles: ALL_ROLES,
  params: z.object({
    ...scopedListParams,
    ids,
    templateFilter: oneOf('Which ones; executable when not given.', IMAGE_FILTERS).optional(),
    name: text('Only the one with this name.').optional(),
    zoneId: uuid('Only those of this zone.').optional(),
    hypervisor: text('Only those of this hypervisor.').optional(),
    imageStoreId: uuid('Only those in this image store.').optional(),
    isReady: bool('Only those that machines can be made from.').optional(),
    templateType: text('Only those of this type.').optional(),
    showRemoved: bool('Accepted for compatibility: removed ones are not shown.').optional(),
    showUnique: bool('Accepted for compatibility: each is shown once.').optional(),
    details: list('Accepted for compatibility: everything is always given.', word).optional(),
    isVnf: bool('Accepted for compatibility: there are no VNF appliances.').optional(),
    tags: tagFilter,
  }),
  result: templateView,
  wrapper: 'template',
});
