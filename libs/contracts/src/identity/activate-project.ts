import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { uuid } from '../fields.js';
import { projectView } from './project.view.js';

/** Lets a project be used again. */
export const activateProject = defineCommand({
  name: 'activateProject',
  domain: 'identity',
  description: 'Lets a project be used again.',
  event: 'PROJECT.ACTIVATE',
  rest: { method: 'POST', path: '/projects/{id}/activate' },
  roles: ALL_ROLES,
  params: z.object({ id: uuid('The project.') }),
  result: projectView,
  wrapper: 'project',
  answersAsJob: true,
});
