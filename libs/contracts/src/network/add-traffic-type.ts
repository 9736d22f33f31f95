import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { oneOf, text, uuid } from '../fields.js';
import { TRAFFIC_TYPES, trafficLabels } from './physical-network-fields.js';
import { trafficTypeView } from './traffic-type.view.js';

/** Records that a physical network carries a kind of traffic. */
export const addTrafficType = defineCommand({
  name: 'addTrafficType',
  domain: 'network',
  description: 'Records that a physical network carries a kind of traffic.',
  event: 'TRAFFIC.TYPE.CREATE',
  rest: { method: 'POST', path: '/physical-networks/{physicalNetworkId}/traffic-types' },
  roles: ROOT_ONLY,
  params: z.object({
    physicalNetworkId: uuid('The physical network.'),
    trafficType: oneOf('The kind of traffic.', TRAFFIC_TYPES),
    ...trafficLabels,
    vlan: text('Accepted for compatibility: the VLAN of a network is its own.').optional(),
    isolationMethod: text('Accepted for compatibility: that of the physical network counts.').optional(),
  }),
  result: trafficTypeView,
  wrapper: 'traffictype',
  answersAsJob: true,
});
