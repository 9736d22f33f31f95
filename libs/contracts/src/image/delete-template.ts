import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { bool, uuid } from '../fields.js';

/** Removes a template that no disk is based on. */
export const deleteTemplate = defineCommand({
  name: 'deleteTemplate',
  domain: 'image',
  description: 'Removes a template that no disk is based on.',
  event: 'TEMPLATE.DELETE',
  rest: { method: 'DELETE', path: '/templates/{id}' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The template.'),
    zoneId: uuid('Accepted for compatibility: a template is in one zone.').optional(),
    forced: bool('Accepted for compatibility: a template in use is never removed.').optional(),
  }),
  operation: {
    title: 'Delete template',
    resource: 'template',
    locks: { template: 'exclusive' },
    lifecycle: { begin: 'RemoveRequested', succeed: 'Removed', undo: 'RemoveUndone' },
  },
});
