import { z } from 'zod';
import { ADMIN_ROLES, defineCommand } from '../command.js';
import { bool, uuid } from '../fields.js';

/** Says whether an account may create offerings with tags. */
export const isAccountAllowedToCreateOfferingsWithTags = defineCommand({
  name: 'isAccountAllowedToCreateOfferingsWithTags',
  domain: 'identity',
  description: 'Says whether an account may create offerings with host or storage tags: root administrators may.',
  rest: { method: 'GET', path: '/accounts/{id}/may-create-offerings-with-tags' },
  roles: ADMIN_ROLES,
  readOnly: true,
  params: z.object({ id: uuid('The account.') }),
  result: z.object({ isAllowed: bool('Whether it may.') }),
  bare: true,
});
