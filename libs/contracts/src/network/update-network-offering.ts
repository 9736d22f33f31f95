import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { bool, int, oneOf, text, uuid } from '../fields.js';
import { networkOfferingView } from './network-offering.view.js';

/** Changes what a network offering is called, and whether new networks may be made of it. */
export const updateNetworkOffering = defineCommand({
  name: 'updateNetworkOffering',
  domain: 'network',
  description: 'Changes the name or description of a network offering; enables or disables it.',
  event: 'NETWORK.OFFERING.EDIT',
  rest: { method: 'PATCH', path: '/network-offerings/{id}' },
  roles: ROOT_ONLY,
  params: z.object({
    id: uuid('The network offering.'),
    name: text('Its new name.').min(1).optional(),
    displayText: text('Its new description.', { max: 4096 }).optional(),
    state: oneOf('Whether new networks may be made of it', ['Enabled', 'Disabled']).optional(),
    availability: oneOf('Whether it is taken when none is named', ['Optional', 'Required']).optional(),
    maxConnections: int('Connections of its load balancers.', { min: 0 }).optional(),
    tags: text('Tags of the physical network that it wants; empty for none.', { max: 4096 }).optional(),
    sortKey: int('Accepted for compatibility.').optional(),
    keepAliveEnabled: bool('Accepted for compatibility.').optional(),
    domainId: text('Accepted for compatibility: offerings belong to all.').optional(),
    zoneId: text('Accepted for compatibility: offerings hold in all zones.').optional(),
  }),
  result: networkOfferingView,
  wrapper: 'networkoffering',
});
