import { z } from 'zod';
import { bool, date, int, list, map, text, uuid } from '../fields.js';
import { networkServiceView } from './network.view.js';

/** A network offering. */
export const networkOfferingView = z.object({
  id: uuid('The network offering.'),
  name: text('Its name.'),
  displayText: text('Its description.', { max: 4096 }),
  guestIpType: text('Shared, Isolated or L2.'),
  trafficType: text('Guest.'),
  state: text('Enabled or Disabled: new networks are made of enabled ones only.'),
  availability: text('Optional, or Required: taken when none is named.'),
  isDefault: bool('Whether it came with the product.'),
  forVpc: bool('Whether it is for tiers of VPCs.'),
  conserveMode: bool('Whether one address can serve several purposes.'),
  isPersistent: bool('Whether its networks stay set up without machines.'),
  specifyVlan: bool('Whether a VLAN is given at creation.', { wireName: 'specifyvlan' }),
  specifyIpRanges: bool('Whether a range is given at creation.'),
  egressDefaultPolicy: bool('Whether guests may reach out.'),
  networkRate: int('Mbit per second of its networks, where it was given; not enforced.').optional(),
  maxConnections: int('Connections of its load balancers, where given.').optional(),
  tags: text('Tags of the physical network that it wants.').optional(),
  details: map('What was given with it.').optional(),
  service: list('Its services.', networkServiceView),
  created: date('When it came to be.'),
});
