import { z } from 'zod';
import { text, uuid } from '../fields.js';

/** A rule of a role. */
export const rolePermissionView = z.object({
  id: uuid('The rule.'),
  roleId: uuid('Its role.'),
  roleName: text('The name of that role.'),
  rule: text("A command's name, with * for any characters."),
  permission: text('allow or deny.'),
  description: text('What it is for.').optional(),
});
