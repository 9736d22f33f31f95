import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { list, oneOf, uuid, word } from '../fields.js';
import { networkServiceProviderView } from './network-service-provider.view.js';

/** Changes what is recorded of a provider. */
export const updateNetworkServiceProvider = defineCommand({
  name: 'updateNetworkServiceProvider',
  domain: 'network',
  description: 'Changes what is recorded of a provider.',
  event: 'SERVICE.PROVIDER.UPDATE',
  rest: { method: 'PATCH', path: '/network-service-providers/{id}' },
  roles: ROOT_ONLY,
  params: z.object({
    id: uuid('The provider.'),
    state: oneOf('Whether it is in use.', ['Enabled', 'Disabled', 'Shutdown']).optional(),
    serviceList: list('What it serves.', word).optional(),
  }),
  result: networkServiceProviderView,
  wrapper: 'networkserviceprovider',
  answersAsJob: true,
});
