import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { trafficLabels } from './physical-network-fields.js';
import { trafficTypeView } from './traffic-type.view.js';

/** Changes what hosts call the network of a kind of traffic. */
export const updateTrafficType = defineCommand({
  name: 'updateTrafficType',
  domain: 'network',
  description: 'Changes what hosts call the network of a kind of traffic.',
  event: 'TRAFFIC.TYPE.UPDATE',
  rest: { method: 'PATCH', path: '/traffic-types/{id}' },
  roles: ROOT_ONLY,
  params: z.object({
    id: uuid('The traffic type.'),
    ...trafficLabels,
  }),
  result: trafficTypeView,
  wrapper: 'traffictype',
  answersAsJob: true,
});
