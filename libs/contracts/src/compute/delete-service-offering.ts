import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';

/** Withdraws a service offering; machines of this size go on. */
export const deleteServiceOffering = defineCommand({
  name: 'deleteServiceOffering',
  domain: 'compute',
  description: 'Withdraws a service offering; machines of this size go on.',
  event: 'SERVICE.OFFERING.DELETE',
  rest: { method: 'DELETE', path: '/service-offerings/{id}' },
  roles: ROOT_ONLY,
  params: z.object({ id: uuid('The service offering.') }),
});
