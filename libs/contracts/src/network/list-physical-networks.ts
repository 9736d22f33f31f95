import { z } from 'zod';
import { defineListCommand, ROOT_ONLY } from '../command.js';
import { text, uuid } from '../fields.js';
import { listParams } from '../list-params.js';
import { physicalNetworkView } from './physical-network.view.js';

/** Lists physical networks. */
export const listPhysicalNetworks = defineListCommand({
  name: 'listPhysicalNetworks',
  domain: 'network',
  description: 'Lists physical networks.',
  rest: { method: 'GET', path: '/physical-networks' },
  roles: ROOT_ONLY,
  params: z.object({
    ...listParams,
    zoneId: uuid('Only those of this zone.').optional(),
    name: text('Only those with this name.').optional(),
  }),
  result: physicalNetworkView,
  wrapper: 'physicalnetwork',
});
