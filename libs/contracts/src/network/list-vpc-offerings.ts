import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { bool, list, text, uuid, word } from '../fields.js';
import { listParams } from '../list-params.js';
import { vpcOfferingView } from './vpc-offering.view.js';

/** Lists VPC offerings. */
export const listVPCOfferings = defineListCommand({
  name: 'listVPCOfferings',
  domain: 'network',
  description: 'Lists VPC offerings: what VPCs could do. There are no VPCs yet.',
  rest: { method: 'GET', path: '/vpc-offerings' },
  roles: ALL_ROLES,
  params: z.object({
    ...listParams,
    name: text('Only the one with this name.').optional(),
    displayText: text('Only the one with this description.', { max: 4096 }).optional(),
    state: text('Enabled or Disabled.').optional(),
    isDefault: bool('Only those that came with the product, or only the others.').optional(),
    supportedServices: list('Only those with all these services.', word).optional(),
    zoneId: uuid('Accepted for compatibility: offerings hold in all zones.').optional(),
    domainId: uuid('Accepted for compatibility: offerings belong to all.').optional(),
  }),
  result: vpcOfferingView,
  wrapper: 'vpcoffering',
});
