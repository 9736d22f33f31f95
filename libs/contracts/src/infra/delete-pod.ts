import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';

/** Removes a pod that is empty. */
export const deletePod = defineCommand({
  name: 'deletePod',
  domain: 'infra',
  description: 'Removes a pod that is empty.',
  event: 'POD.DELETE',
  rest: { method: 'DELETE', path: '/pods/{id}' },
  roles: ROOT_ONLY,
  params: z.object({ id: uuid('The pod.') }),
});
