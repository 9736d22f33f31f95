import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { bool, text, uuid } from '../fields.js';

/** Accepts or declines an invitation to a project. */
export const updateProjectInvitation = defineCommand({
  name: 'updateProjectInvitation',
  domain: 'identity',
  description: 'Accepts or declines an invitation to a project.',
  event: 'PROJECT.INVITATION.UPDATE',
  rest: { method: 'POST', path: '/projects/{projectId}/invitation' },
  roles: ALL_ROLES,
  params: z.object({
    projectId: uuid('The project.'),
    account: text('The account that was invited; the own one when not given.').optional(),
    userId: uuid('The user that was invited, where it was one user alone.').optional(),
    accept: bool('Whether it is accepted, or declined; true when not given.').optional(),
    token: text('Accepted for compatibility: invitations name accounts and users.').optional(),
  }),
  answersAsJob: true,
});
