import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { recoveryView } from './recovery.view.js';

/** Begins recovery after a restore. */
export const beginRecovery = defineCommand({
  name: 'beginRecovery',
  domain: 'operations',
  description:
    'Begins recovery after the database was restored: raises the control epoch, reads every host, and takes from them what really runs.',
  event: 'RECOVERY.BEGIN',
  rest: { method: 'POST', path: '/recovery' },
  roles: ROOT_ONLY,
  params: z.object({}),
  result: recoveryView,
  wrapper: 'recovery',
});
