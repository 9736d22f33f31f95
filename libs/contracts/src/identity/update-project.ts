import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { bool, text, uuid } from '../fields.js';
import { memberRole, projectName, projectText } from './project-fields.js';
import { projectView } from './project.view.js';

/** Changes a project, or what one of its members may do. */
export const updateProject = defineCommand({
  name: 'updateProject',
  domain: 'identity',
  description: 'Changes a project, or what one of its members may do.',
  event: 'PROJECT.UPDATE',
  rest: { method: 'PATCH', path: '/projects/{id}' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The project.'),
    name: projectName.optional(),
    displayText: projectText.optional(),
    account: text('The member that is to be its administrator, or to have the role of roletype.').optional(),
    userId: uuid('The same for a member that is one user.').optional(),
    roleType: memberRole.optional(),
    swapOwner: bool('Whether the present administrators become regular members; true when not given.').optional(),
  }),
  result: projectView,
  wrapper: 'project',
  answersAsJob: true,
});
