import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { uuid } from '../fields.js';

/** Removes a group; its virtual machines stay, in no group. */
export const deleteInstanceGroup = defineCommand({
  name: 'deleteInstanceGroup',
  domain: 'compute',
  description: 'Removes a group; its virtual machines stay, in no group.',
  event: 'VM.GROUP.DELETE',
  rest: { method: 'DELETE', path: '/instance-groups/{id}' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The group.'),
  }),
});
