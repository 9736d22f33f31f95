import { z } from 'zod';
import { defineListCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { listParams } from '../list-params.js';
import { trafficTypeView } from './traffic-type.view.js';

const { keyword, page, pageSize } = listParams;

/** Lists the kinds of traffic that a physical network carries. */
export const listTrafficTypes = defineListCommand({
  name: 'listTrafficTypes',
  domain: 'network',
  description: 'Lists the kinds of traffic that a physical network carries.',
  rest: { method: 'GET', path: '/physical-networks/{physicalNetworkId}/traffic-types' },
  roles: ROOT_ONLY,
  params: z.object({
    ...{ keyword, page, pageSize },
    physicalNetworkId: uuid('The physical network.'),
  }),
  result: trafficTypeView,
  wrapper: 'traffictype',
});
