import { z } from 'zod';
import { text, uuid } from '../fields.js';

/** A rule of a role of a project. */
export const projectRolePermissionView = z.object({
  id: uuid('The rule.'),
  projectId: uuid('The project.'),
  projectRoleId: uuid('The role.'),
  projectRoleName: text('The name of that role.'),
  rule: text("A command's name, with * for any characters."),
  permission: text('allow or deny.'),
  description: text('What it is for.').optional(),
});
