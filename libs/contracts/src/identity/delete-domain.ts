import { z } from 'zod';
import { ADMIN_ROLES, defineCommand } from '../command.js';
import { bool, uuid } from '../fields.js';

/** Removes a domain that is empty. */
export const deleteDomain = defineCommand({
  name: 'deleteDomain',
  domain: 'identity',
  description: 'Removes a domain without accounts and domains below it.',
  event: 'DOMAIN.DELETE',
  rest: { method: 'DELETE', path: '/domains/{id}' },
  roles: ADMIN_ROLES,
  params: z.object({
    id: uuid('The domain.'),
    cleanup: bool('Accepted for compatibility: what is in it must be removed first.').optional(),
  }),
  answersAsJob: true,
});
