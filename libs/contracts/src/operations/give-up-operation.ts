import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';

/** Ends an operation that needs attention where it stands. */
export const giveUpOperation = defineCommand({
  name: 'giveUpOperation',
  domain: 'operations',
  description:
    'Ends an operation that needs attention as failed. Its resource becomes an error; what may be left behind stays noted, with the capacity that it takes, until the resource is removed or used again.',
  event: 'OPERATION.GIVEUP',
  rest: { method: 'POST', path: '/operations/{id}/give-up' },
  roles: ROOT_ONLY,
  params: z.object({ id: uuid('The operation.') }),
});
