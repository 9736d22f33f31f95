import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { uuid } from '../fields.js';

/** Removes an ISO. */
export const deleteIso = defineCommand({
  name: 'deleteIso',
  domain: 'image',
  description: 'Removes an ISO.',
  event: 'ISO.DELETE',
  rest: { method: 'DELETE', path: '/isos/{id}' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The ISO.'),
    zoneId: uuid('Accepted for compatibility: an ISO is in one zone.').optional(),
  }),
  operation: {
    title: 'Delete ISO',
    resource: 'template',
    locks: { template: 'exclusive' },
    lifecycle: { begin: 'RemoveRequested', succeed: 'Removed', undo: 'RemoveUndone' },
  },
});
