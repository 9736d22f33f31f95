import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { uuid } from '../fields.js';

/** Takes an invitation to a project back. */
export const deleteProjectInvitation = defineCommand({
  name: 'deleteProjectInvitation',
  domain: 'identity',
  description: 'Takes an invitation to a project back.',
  event: 'PROJECT.INVITATION.REMOVE',
  rest: { method: 'DELETE', path: '/project-invitations/{id}' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The invitation.'),
  }),
  answersAsJob: true,
});
