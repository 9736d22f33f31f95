import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { bool, list, text, uuid, word } from '../fields.js';
import { scopedListParams, tagFilter } from '../list-params.js';
import { networkView } from './network.view.js';

/** Lists networks. */
export const listNetworks = defineListCommand({
  name: 'listNetworks',
  domain: 'network',
  description: 'Lists networks.',
  rest: { method: 'GET', path: '/networks' },
  roles: ALL_ROLES,
  params: z.object({
    ...scopedListParams,
    name: text('Only the one with this name.').optional(),
    zoneId: uuid('Only those of this zone.').optional(),
    type: text('Only those of this type.').optional(),
    trafficType: text('Guest is the only kind.').optional(),
    aclType: text('Domain or Account.').optional(),
    networkOfferingId: uuid('Only those of this offering.').optional(),
    canUseForDeploy: bool('Only those that machines can join.').optional(),
    isSystem: bool('There are none for the product itself.').optional(),
    vpcId: uuid('Accepted for compatibility: there are no VPCs.').optional(),
    forVpc: bool('Accepted for compatibility: there are no VPCs.').optional(),
    physicalNetworkId: uuid('Accepted for compatibility.').optional(),
    networkFilter: text('Accepted for compatibility.').optional(),
    displayNetwork: bool('Accepted for compatibility: all are shown.').optional(),
    restartRequired: bool('Accepted for compatibility: none has to be.').optional(),
    specifyIpRanges: bool('Accepted for compatibility.').optional(),
    supportedServices: list('Only those with all these services.', word).optional(),
    tags: tagFilter,
  }),
  result: networkView,
  wrapper: 'network',
});
