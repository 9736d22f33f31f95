import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { bool, date, list, text, uuid, word } from '../fields.js';
import { listParams } from '../list-params.js';
import { networkServiceView } from './network.view.js';

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
    displayText: text('Only the one with this description.').optional(),
    guestIpType: text('Shared is the only kind.').optional(),
    trafficType: text('Guest is the only kind.').optional(),
    state: text('Enabled is the only state.').optional(),
    availability: text('Optional is the only one.').optional(),
    forVpc: bool('There are none for VPCs.').optional(),
    isDefault: bool('All are.').optional(),
    specifyVlan: bool('Only those whose VLAN is given at creation.', { wireName: 'specifyvlan' }).optional(),
    specifyIpRanges: bool('Only those whose range is given at creation.').optional(),
    sourceNatSupported: bool('Accepted for compatibility.').optional(),
    supportedServices: list('Only those with all these services.', word).optional(),
    zoneId: uuid('Accepted for compatibility: offerings hold in all zones.').optional(),
    domainId: uuid('Accepted for compatibility: offerings belong to all.').optional(),
    networkId: uuid('Only that of this network.').optional(),
  }),
  result: z.object({
    id: uuid('The network offering.'),
    name: text('Its name.'),
    displayText: text('Its description.'),
    guestIpType: text('Shared.'),
    trafficType: text('Guest.'),
    state: text('Enabled.'),
    availability: text('Optional.'),
    isDefault: bool('Whether it came with the product.'),
    forVpc: bool('Whether it is for VPCs.'),
    conserveMode: bool('Whether one address can serve several purposes.'),
    isPersistent: bool('Whether its networks stay set up without machines.'),
    specifyVlan: bool('Whether a VLAN is given at creation.', { wireName: 'specifyvlan' }),
    specifyIpRanges: bool('Whether a range is given at creation.'),
    egressDefaultPolicy: bool('Whether guests may reach out.'),
    service: list('Its services.', networkServiceView),
    created: date('When it came to be.').optional(),
  }),
  wrapper: 'networkoffering',
});
