import { z } from 'zod';
import { bool, text, uuid } from '../fields.js';

/** A role of a project. */
export const projectRoleView = z.object({
  id: uuid('The role.'),
  name: text('Its name.'),
  description: text('What it is for.').optional(),
  projectId: uuid('Its project.'),
  isPublic: bool('Always true: all members see it.'),
});
