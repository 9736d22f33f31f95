import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { bool, list, text, uuid, word } from '../fields.js';
import { listParams } from '../list-params.js';
import { networkOfferingView } from './network-offering.view.js';

/** Lists network offerings: kinds of networks. */
export const listNetworkOfferings = defineListCommand({
  name: 'listNetworkOfferings',
  domain: 'network',
  description: 'Lists network offerings: kinds of networks.',
  rest: { method: 'GET', path: '/network-offerings' },
  roles: ALL_ROLES,
  params: z.object({
    ...listParams,
    name: text('Only the one with this name.').optional(),
    displayText: text('Only the one with this description.', { max: 4096 }).optional(),
    guestIpType: text('Only those of this kind: Shared, Isolated or L2.').optional(),
    trafficType: text('Guest is the only kind.').optional(),
    state: text('Enabled or Disabled.').optional(),
    availability: text('Optional or Required.').optional(),
    forVpc: bool('Only those for tiers of VPCs, or only the others.').optional(),
    isDefault: bool('Only those that came with the product, or only the others.').optional(),
    specifyVlan: bool('Only those whose VLAN is given at creation.', { wireName: 'specifyvlan' }).optional(),
    specifyIpRanges: bool('Only those whose range is given at creation.').optional(),
    sourceNatSupported: bool('Only those with source NAT, or only the others.').optional(),
    supportedServices: list('Only those with all these services.', word).optional(),
    isTagged: bool('Only those with tags, or only the others.').optional(),
    zoneId: uuid('Accepted for compatibility: offerings hold in all zones.').optional(),
    domainId: uuid('Accepted for compatibility: offerings belong to all.').optional(),
    networkId: uuid('Only those that this network could change to, and its own.').optional(),
  }),
  result: networkOfferingView,
  wrapper: 'networkoffering',
});
