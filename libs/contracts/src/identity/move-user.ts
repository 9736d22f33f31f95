import { z } from 'zod';
import { ADMIN_ROLES, defineCommand } from '../command.js';
import { text, uuid } from '../fields.js';

/** Moves a user to another account of its domain. */
export const moveUser = defineCommand({
  name: 'moveUser',
  domain: 'identity',
  description: 'Moves a user to another account of its domain; its keys stay, its sessions end.',
  event: 'USER.MOVE',
  rest: { method: 'POST', path: '/users/{id}/move' },
  roles: ADMIN_ROLES,
  params: z.object({
    id: uuid('The user.'),
    accountId: uuid('The account that it is to act for.').optional(),
    account: text('That account by its name.').optional(),
  }),
});
