import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { text } from '../fields.js';

/** Ends the session of the call. */
export const logout = defineCommand({
  name: 'logout',
  domain: 'identity',
  description: 'Ends the session of the call.',
  event: 'USER.LOGOUT',
  rest: { method: 'DELETE', path: '/session' },
  roles: ALL_ROLES,
  params: z.object({}),
  result: z.object({ description: text('success') }),
  bare: true,
});
