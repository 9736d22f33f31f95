import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { text, uuid } from '../fields.js';
import { instanceGroupView } from './instance-group.view.js';

/** Changes the name of a group of virtual machines. */
export const updateInstanceGroup = defineCommand({
  name: 'updateInstanceGroup',
  domain: 'compute',
  description: 'Changes the name of a group of virtual machines.',
  event: 'VM.GROUP.UPDATE',
  rest: { method: 'PATCH', path: '/instance-groups/{id}' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The group.'),
    name: text('Its new name.').min(1).optional(),
  }),
  result: instanceGroupView,
  wrapper: 'instancegroup',
});
