import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { bool, list, text, uuid, word } from '../fields.js';
import { listParams, tagFilter } from '../list-params.js';
import { projectView } from './project.view.js';

/** Lists projects. */
export const listProjects = defineListCommand({
  name: 'listProjects',
  domain: 'identity',
  description: 'Lists projects: those that the caller is a member of, and with listall those below an administrator.',
  rest: { method: 'GET', path: '/projects' },
  roles: ALL_ROLES,
  params: z.object({
    ...listParams,
    listAll: bool('Everything that the caller may see, not only where it is a member.').optional(),
    isRecursive: bool('With `domainId`: also what lies in the domains below it.').optional(),
    domainId: uuid('Only those of this domain.').optional(),
    account: text('Only those that this account administers, with domainid.').optional(),
    username: text('Only those that the user of this name administers.').optional(),
    name: text('Only the one with this name.').optional(),
    displayText: text('Only those with this description.', { max: 4_096 }).optional(),
    state: text('Only those in this state.').optional(),
    tags: tagFilter,
    details: list('Accepted for compatibility: everything is always given.', word).optional(),
    showIcon: bool('Accepted for compatibility: there are no icons.', { wireName: 'showicon' }).optional(),
  }),
  result: projectView,
  wrapper: 'project',
});
