import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { int, oneOf, text, uuid } from '../fields.js';
import { vpcOfferingView } from './vpc-offering.view.js';

/** Changes what a VPC offering is called; enables or disables it. */
export const updateVPCOffering = defineCommand({
  name: 'updateVPCOffering',
  domain: 'network',
  description: 'Changes the name or description of a VPC offering; enables or disables it.',
  event: 'VPC.OFFERING.UPDATE',
  rest: { method: 'PATCH', path: '/vpc-offerings/{id}' },
  roles: ROOT_ONLY,
  params: z.object({
    id: uuid('The VPC offering.'),
    name: text('Its new name.').min(1).optional(),
    displayText: text('Its new description.', { max: 4096 }).optional(),
    state: oneOf('Whether new VPCs may be made of it', ['Enabled', 'Disabled']).optional(),
    sortKey: int('Accepted for compatibility.').optional(),
    domainId: text('Accepted for compatibility: offerings belong to all.').optional(),
    zoneId: text('Accepted for compatibility: offerings hold in all zones.').optional(),
  }),
  result: vpcOfferingView,
  wrapper: 'vpcoffering',
  answersAsJob: true,
});
