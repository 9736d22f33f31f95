import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { recoveryView } from './recovery.view.js';

/** Clears what recovery had listed. */
export const acknowledgeRecovery = defineCommand({
  name: 'acknowledgeRecovery',
  domain: 'operations',
  description: 'Clears the list of what recovery left to a person, who has dealt with it.',
  event: 'RECOVERY.ACKNOWLEDGE',
  rest: { method: 'POST', path: '/recovery/acknowledge' },
  roles: ROOT_ONLY,
  params: z.object({}),
  result: recoveryView,
  wrapper: 'recovery',
});
