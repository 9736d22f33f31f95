import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { bool, uuid } from '../fields.js';

/** Removes a host that runs nothing, and revokes its certificate. */
export const deleteHost = defineCommand({
  name: 'deleteHost',
  domain: 'infra',
  description: 'Removes a host that runs nothing, and revokes its certificate.',
  event: 'HOST.DELETE',
  rest: { method: 'DELETE', path: '/hosts/{id}' },
  roles: ROOT_ONLY,
  params: z.object({ id: uuid('The host.'), forced: bool('Do not wait for a host that does not answer.').optional() }),

  operation: {
    title: 'Delete host',
    resource: 'host',
    locks: { host: 'exclusive' },
    lifecycle: { begin: 'RemoveRequested', succeed: 'Removed', undo: 'RemoveUndone' },
    cloudStackWaitMs: 60_000,
  },
});
