import { z } from 'zod';
import { defineListCommand, ROOT_ONLY } from '../command.js';
import { text, uuid } from '../fields.js';
import { listParams } from '../list-params.js';
import { networkServiceProviderView } from './network-service-provider.view.js';

const { keyword, page, pageSize } = listParams;

/** Lists who serves networks on physical networks. */
export const listNetworkServiceProviders = defineListCommand({
  name: 'listNetworkServiceProviders',
  domain: 'network',
  description: 'Lists who serves networks on physical networks.',
  rest: { method: 'GET', path: '/network-service-providers' },
  roles: ROOT_ONLY,
  params: z.object({
    ...{ keyword, page, pageSize },
    physicalNetworkId: uuid('Only those of this physical network.').optional(),
    name: text('Only those with this name.').optional(),
    state: text('Only those in this state.').optional(),
  }),
  result: networkServiceProviderView,
  wrapper: 'networkserviceprovider',
});
