import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';

/** Forgets a provider of a physical network. */
export const deleteNetworkServiceProvider = defineCommand({
  name: 'deleteNetworkServiceProvider',
  domain: 'network',
  description: 'Forgets a provider of a physical network.',
  event: 'SERVICE.PROVIDER.DELETE',
  rest: { method: 'DELETE', path: '/network-service-providers/{id}' },
  roles: ROOT_ONLY,
  params: z.object({
    id: uuid('The provider.'),
  }),
  answersAsJob: true,
});
