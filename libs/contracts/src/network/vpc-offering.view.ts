import { z } from 'zod';
import { bool, date, list, text, uuid } from '../fields.js';
import { networkServiceView } from './network.view.js';

/** A VPC offering. */
export const vpcOfferingView = z.object({
  id: uuid('The VPC offering.'),
  name: text('Its name.'),
  displayText: text('Its description.', { max: 4096 }),
  state: text('Enabled or Disabled.'),
  isDefault: bool('Whether it came with the product.'),
  distributedVpcRouter: bool('Whether its VPCs have a router on each host.'),
  supportsRegionLevelVpc: bool('Whether its VPCs span zones.', { wireName: 'supportsregionLevelvpc' }),
  service: list('Its services.', networkServiceView),
  created: date('When it came to be.'),
});
