import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { text, uuid } from '../fields.js';

/** Deletes an affinity group. */
export const deleteAffinityGroup = defineCommand({
  name: 'deleteAffinityGroup',
  domain: 'compute',
  description: 'Deletes an affinity group; its virtual machines stay as they are, and where they are.',
  event: 'AG.DELETE',
  rest: { method: 'DELETE', path: '/affinity-groups/{id}' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The group.').optional(),
    name: text('The group by its name, instead of the id.').optional(),
    account: text('The account that owns the named one, with domainid (administrators).').optional(),
    domainId: uuid('The domain of that account.').optional(),
    projectId: uuid('For this project, instead of an account.').optional(),
  }),
  answersAsJob: true,
});
