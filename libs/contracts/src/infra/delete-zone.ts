import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';

/** Removes a zone that is empty. */
export const deleteZone = defineCommand({
  name: 'deleteZone',
  domain: 'infra',
  description: 'Removes a zone that is empty.',
  event: 'ZONE.DELETE',
  rest: { method: 'DELETE', path: '/zones/{id}' },
  roles: ROOT_ONLY,
  params: z.object({ id: uuid('The zone.') }),
});
