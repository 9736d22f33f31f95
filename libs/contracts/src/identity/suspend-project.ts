import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { uuid } from '../fields.js';
import { projectView } from './project.view.js';

/** Stops the machines of a project and keeps anything new from being made or started in it. */
export const suspendProject = defineCommand({
  name: 'suspendProject',
  domain: 'identity',
  description: 'Stops the machines of a project and keeps anything new from being made or started in it.',
  event: 'PROJECT.SUSPEND',
  rest: { method: 'POST', path: '/projects/{id}/suspend' },
  roles: ALL_ROLES,
  params: z.object({ id: uuid('The project.') }),
  result: projectView,
  wrapper: 'project',
  answersAsJob: true,
});
