import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';

/** Forgets a physical network, with its traffic types and providers. */
export const deletePhysicalNetwork = defineCommand({
  name: 'deletePhysicalNetwork',
  domain: 'network',
  description: 'Forgets a physical network, with its traffic types and providers.',
  event: 'PHYSICAL.NETWORK.DELETE',
  rest: { method: 'DELETE', path: '/physical-networks/{id}' },
  roles: ROOT_ONLY,
  params: z.object({
    id: uuid('The physical network.'),
  }),
  answersAsJob: true,
});
