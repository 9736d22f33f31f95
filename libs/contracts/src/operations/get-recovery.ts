import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { recoveryView } from './recovery.view.js';

/** Says how recovery after a restore stands. */
export const getRecovery = defineCommand({
  name: 'getRecovery',
  domain: 'operations',
  description:
    'Says whether recovery after a restore of the database is under way, what it waits for, and what it found.',
  readOnly: true,
  rest: { method: 'GET', path: '/recovery' },
  roles: ROOT_ONLY,
  params: z.object({}),
  result: recoveryView,
  wrapper: 'recovery',
});
