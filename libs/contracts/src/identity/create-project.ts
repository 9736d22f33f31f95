import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { text, uuid } from '../fields.js';
import { projectName, projectText } from './project-fields.js';
import { projectView } from './project.view.js';

/** Creates a project. */
export const createProject = defineCommand({
  name: 'createProject',
  domain: 'identity',
  description: 'Creates a project: it owns things that all its members use.',
  event: 'PROJECT.CREATE',
  rest: { method: 'POST', path: '/projects' },
  roles: ALL_ROLES,
  params: z.object({
    name: projectName,
    displayText: projectText.optional(),
    account: text('Its first administrator, with domainid; the own account when not given.').optional(),
    accountId: uuid('Its first administrator, instead of the name.').optional(),
    domainId: uuid('The domain of that account.').optional(),
    userId: uuid('The one user of that account who administers it, instead of all.').optional(),
  }),
  result: projectView,
  wrapper: 'project',
  answersAsJob: true,
});
