import { z } from 'zod';
import { text, uuid } from '../fields.js';
import { trafficLabels } from './physical-network-fields.js';

/** A kind of traffic that a physical network carries. */
export const trafficTypeView = z.object({
  id: uuid('The traffic type.'),
  physicalNetworkId: uuid('Its physical network.'),
  trafficType: text('Public, Guest, Management, Storage or Control.'),
  ...trafficLabels,
});
