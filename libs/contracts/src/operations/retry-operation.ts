import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';

/** Runs an operation that needs attention again. */
export const retryOperation = defineCommand({
  name: 'retryOperation',
  domain: 'operations',
  description:
    'Lets an operation that needs attention go on: forward when it has passed its point of no return, else with its undo.',
  event: 'OPERATION.RETRY',
  rest: { method: 'POST', path: '/operations/{id}/retry' },
  roles: ROOT_ONLY,
  params: z.object({ id: uuid('The operation.') }),
});
