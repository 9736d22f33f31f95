import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { text, uuid } from '../fields.js';
import { scopedListParams } from '../list-params.js';
import { affinityGroupView } from './affinity-group.view.js';

/** Lists affinity groups. */
export const listAffinityGroups = defineListCommand({
  name: 'listAffinityGroups',
  domain: 'compute',
  description: 'Lists affinity groups.',
  rest: { method: 'GET', path: '/affinity-groups' },
  roles: ALL_ROLES,
  params: z.object({
    ...scopedListParams,
    name: text('Only those with this name.').optional(),
    type: text('Only those of this type.').optional(),
    virtualMachineId: uuid('Only those that this machine is in.').optional(),
  }),
  result: affinityGroupView,
  wrapper: 'affinitygroup',
});
