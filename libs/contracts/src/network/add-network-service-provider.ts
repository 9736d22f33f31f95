import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { list, text, uuid, word } from '../fields.js';
import { networkServiceProviderView } from './network-service-provider.view.js';

/** Records who serves networks on a physical network. */
export const addNetworkServiceProvider = defineCommand({
  name: 'addNetworkServiceProvider',
  domain: 'network',
  description: 'Records who serves networks on a physical network.',
  event: 'SERVICE.PROVIDER.CREATE',
  rest: { method: 'POST', path: '/physical-networks/{physicalNetworkId}/service-providers' },
  roles: ROOT_ONLY,
  params: z.object({
    physicalNetworkId: uuid('The physical network.'),
    name: text('The name of the provider; one on the physical network.').min(1),
    destinationPhysicalNetworkId: uuid('Where it bridges to.').optional(),
    serviceList: list('What it serves; everything that it can when not given.', word).optional(),
  }),
  result: networkServiceProviderView,
  wrapper: 'networkserviceprovider',
  answersAsJob: true,
});
