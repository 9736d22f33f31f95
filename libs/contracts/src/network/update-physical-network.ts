import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { list, text, uuid, word } from '../fields.js';
import { inUse, vlanRange } from './physical-network-fields.js';
import { physicalNetworkView } from './physical-network.view.js';

/** Changes what is recorded of a physical network. */
export const updatePhysicalNetwork = defineCommand({
  name: 'updatePhysicalNetwork',
  domain: 'network',
  description: 'Changes what is recorded of a physical network.',
  event: 'PHYSICAL.NETWORK.UPDATE',
  rest: { method: 'PATCH', path: '/physical-networks/{id}' },
  roles: ROOT_ONLY,
  params: z.object({
    id: uuid('The physical network.'),
    state: inUse.optional(),
    networkSpeed: text('Its speed, for people.').optional(),
    tags: list('Its tags.', word, { mayBeEmpty: true }).optional(),
    vlan: vlanRange.optional(),
  }),
  result: physicalNetworkView,
  wrapper: 'physicalnetwork',
  answersAsJob: true,
});
