import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { uuid } from '../fields.js';

/** Removes a data disk that no machine has. */
export const deleteVolume = defineCommand({
  name: 'deleteVolume',
  domain: 'storage',
  description: 'Removes a data disk that is attached to no virtual machine, with all that is on it.',
  event: 'VOLUME.DELETE',
  rest: { method: 'DELETE', path: '/volumes/{id}' },
  roles: ALL_ROLES,
  params: z.object({ id: uuid('The data disk.') }),
  operation: {
    title: 'Delete volume',
    resource: 'volume',
    locks: { volume: 'exclusive' },
    lifecycle: { succeed: 'Expunged' },
    cloudStackWaitMs: 60_000,
  },
});
