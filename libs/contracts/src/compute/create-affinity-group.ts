import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { oneOf, text, uuid } from '../fields.js';
import { affinityGroupView } from './affinity-group.view.js';
import { AFFINITY_TYPES, type AffinityType } from './affinity-types.js';

/** Creates an affinity group. */
export const createAffinityGroup = defineCommand({
  name: 'createAffinityGroup',
  domain: 'compute',
  description: 'Creates a group of virtual machines that shall run on one host, or on different ones.',
  event: 'AG.CREATE',
  rest: { method: 'POST', path: '/affinity-groups' },
  roles: ALL_ROLES,
  params: z.object({
    name: text('Its name; one of the account.').min(1),
    type: oneOf(
      'What it asks for; strict unless it says non-strict.',
      Object.keys(AFFINITY_TYPES) as [AffinityType, ...AffinityType[]],
    ),
    description: text('Its description.', { max: 4096 }).optional(),
    account: text('The account that it is for, with domainid (administrators).').optional(),
    domainId: uuid('The domain of that account.').optional(),
    projectId: uuid('For this project, instead of an account.').optional(),
  }),
  result: affinityGroupView,
  wrapper: 'affinitygroup',
  answersAsJob: true,
});
