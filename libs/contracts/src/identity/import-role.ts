import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { bool, mapList } from '../fields.js';
import { isPublic, roleDescription, roleName, roleType } from './role-fields.js';
import { roleView } from './role.view.js';

/** Creates a role with its rules, as they were exported elsewhere. */
export const importRole = defineCommand({
  name: 'importRole',
  domain: 'identity',
  description: 'Creates a role with its rules, as they were exported elsewhere.',
  event: 'ROLE.IMPORT',
  rest: { method: 'POST', path: '/roles/imported' },
  roles: ROOT_ONLY,
  params: z.object({
    name: roleName,
    type: roleType.optional(),
    rules: mapList('Its rules in order, each with rule, permission and description.'),
    description: roleDescription.optional(),
    isPublic: isPublic.optional(),
    forced: bool('Whether a role of this name and type gets these rules instead of its own.').optional(),
  }),
  result: roleView,
  wrapper: 'role',
});
