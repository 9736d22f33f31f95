import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';

/** Undoes an operation that needs attention, where that is still possible. */
export const undoOperation = defineCommand({
  name: 'undoOperation',
  domain: 'operations',
  description:
    'Undoes an operation that needs attention. Refused once it has passed its point of no return: then it can only go forward or be given up.',
  event: 'OPERATION.UNDO',
  rest: { method: 'POST', path: '/operations/{id}/undo' },
  roles: ROOT_ONLY,
  params: z.object({ id: uuid('The operation.') }),
});
