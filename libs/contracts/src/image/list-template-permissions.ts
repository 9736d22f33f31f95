import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { bool, list, uuid, word } from '../fields.js';

/** Lists who may use a template. */
export const listTemplatePermissions = defineListCommand({
  name: 'listTemplatePermissions',
  domain: 'image',
  description: 'Lists who may use a template beside its owner; for the owner and administrators above.',
  rest: { method: 'GET', path: '/template-permissions' },
  roles: ALL_ROLES,
  params: z.object({ id: uuid('The template.') }),
  result: z.object({
    id: uuid('The template.'),
    isPublic: bool('Whether every account may use it.'),
    domainId: uuid('The domain of its owner.'),
    account: list('The accounts that may.', word).optional(),
    projectIds: list('The projects that may.', uuid('A project.')).optional(),
  }),
  wrapper: 'templatepermission',
});
