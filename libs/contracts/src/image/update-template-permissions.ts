import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { bool, list, oneOf, uuid, word } from '../fields.js';

/** Says who may use a template beside its owner. */
export const updateTemplatePermissions = defineCommand({
  name: 'updateTemplatePermissions',
  domain: 'image',
  description: 'Says who may use a template beside its owner: everybody, or single accounts and projects.',
  event: 'TEMPLATE.UPDATE.PERMISSIONS',
  rest: { method: 'POST', path: '/templates/{id}/permissions' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The template.'),
    op: oneOf('add and remove need accounts or projectids; reset takes it back from everybody', [
      'add',
      'remove',
      'reset',
    ]).optional(),
    accounts: list("Names of accounts of the template's domain.", word).optional(),
    projectIds: list('Projects.', uuid('A project.')).optional(),
    isPublic: bool('Whether every account may use it.').optional(),
    isFeatured: bool('Whether it is recommended; the root administrator’s to say.').optional(),
    isExtractable: bool('Whether its image may be downloaded.').optional(),
  }),
});
