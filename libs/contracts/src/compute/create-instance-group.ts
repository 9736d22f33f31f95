import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { text, uuid } from '../fields.js';
import { instanceGroupView } from './instance-group.view.js';

/** Creates a group of virtual machines: a name to find them by. */
export const createInstanceGroup = defineCommand({
  name: 'createInstanceGroup',
  domain: 'compute',
  description: 'Creates a group of virtual machines: a name to find them by.',
  event: 'VM.GROUP.CREATE',
  rest: { method: 'POST', path: '/instance-groups' },
  roles: ALL_ROLES,
  params: z.object({
    name: text('Its name; one of the account.').min(1),
    account: text('The account that it is for, with domainid (administrators).').optional(),
    domainId: uuid('The domain of that account.').optional(),
    projectId: uuid('For this project, instead of an account.').optional(),
  }),
  result: instanceGroupView,
  wrapper: 'instancegroup',
});
