import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { text } from '../fields.js';
import { scopedListParams } from '../list-params.js';
import { instanceGroupView } from './instance-group.view.js';

/** Lists groups of virtual machines. */
export const listInstanceGroups = defineListCommand({
  name: 'listInstanceGroups',
  domain: 'compute',
  description: 'Lists groups of virtual machines.',
  rest: { method: 'GET', path: '/instance-groups' },
  roles: ALL_ROLES,
  params: z.object({
    ...scopedListParams,
    name: text('Only those with this name.').optional(),
  }),
  result: instanceGroupView,
  wrapper: 'instancegroup',
});
