import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { recoveryView } from '../operations/recovery.view.js';

/** Ends waiting for a host during recovery. */
export const writeOffHost = defineCommand({
  name: 'writeOffHost',
  domain: 'infra',
  description:
    'Ends waiting for a host during recovery, on the word of an administrator that nothing runs there any more.',
  event: 'HOST.WRITEOFF',
  rest: { method: 'POST', path: '/recovery/hosts/{id}/write-off' },
  roles: ROOT_ONLY,
  params: z.object({ id: uuid('The host.') }),
  result: recoveryView,
  wrapper: 'recovery',
});
