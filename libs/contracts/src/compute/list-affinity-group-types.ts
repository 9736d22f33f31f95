import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { text } from '../fields.js';
import { listParams } from '../list-params.js';

const { id: _id, ...paging } = listParams;

/** Lists the types of affinity groups. */
export const listAffinityGroupTypes = defineListCommand({
  name: 'listAffinityGroupTypes',
  domain: 'compute',
  description: 'Lists the types that affinity groups can have.',
  rest: { method: 'GET', path: '/affinity-group-types' },
  roles: ALL_ROLES,
  params: z.object(paging),
  result: z.object({ type: text('The type.') }),
  wrapper: 'affinityGroupType',
});
