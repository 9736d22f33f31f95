import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { bool, text, uuid } from '../fields.js';
import { scopedListParams } from '../list-params.js';
import { projectInvitationView } from './project-invitation.view.js';

/** Lists invitations to projects: those of the own account, and those to projects that it administers. */
export const listProjectInvitations = defineListCommand({
  name: 'listProjectInvitations',
  domain: 'identity',
  description:
    'Lists invitations to projects: those of the own account, and those to projects that it administers; with listall all that an administrator may see.',
  rest: { method: 'GET', path: '/project-invitations' },
  roles: ALL_ROLES,
  params: z.object({
    ...scopedListParams,
    userId: uuid('Only those of this user.').optional(),
    state: text('Only those in this state.').optional(),
    activeOnly: bool('Only those that can still be accepted.').optional(),
  }),
  result: projectInvitationView,
  wrapper: 'projectinvitation',
});
