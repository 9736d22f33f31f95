import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';

/** Withdraws a network offering; networks that were made of it go on. */
export const deleteNetworkOffering = defineCommand({
  name: 'deleteNetworkOffering',
  domain: 'network',
  description: 'Withdraws a network offering; networks that were made of it go on.',
  event: 'NETWORK.OFFERING.DELETE',
  rest: { method: 'DELETE', path: '/network-offerings/{id}' },
  roles: ROOT_ONLY,
  params: z.object({ id: uuid('The network offering.') }),
});
