import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { bool, int, list, map, mapList, oneOf, text, uuid, word } from '../fields.js';
import { GUEST_IP_TYPES } from './network-offerings.js';
import { networkOfferingView } from './network-offering.view.js';

/** Creates a network offering. */
export const createNetworkOffering = defineCommand({
  name: 'createNetworkOffering',
  domain: 'network',
  description: 'Creates a network offering: a kind of network. It is disabled until it is enabled.',
  event: 'NETWORK.OFFERING.CREATE',
  rest: { method: 'POST', path: '/network-offerings' },
  roles: ROOT_ONLY,
  params: z.object({
    name: text('Its name; one of its kind.').min(1),
    displayText: text('Its description; the name when not given.', { max: 4096 }).optional(),
    guestIpType: oneOf('What its networks are like', GUEST_IP_TYPES),
    trafficType: oneOf('Of which traffic', ['Guest']),
    supportedServices: list('Services, e.g. Dhcp,Dns,UserData,SourceNat.', word).optional(),
    serviceProviderList: mapList('Who serves each: service and provider; the usual one when not given.').optional(),
    serviceCapabilityList: mapList('Accepted for compatibility.').optional(),
    availability: oneOf('Whether it is taken when none is named', ['Optional', 'Required']).optional(),
    conserveMode: bool('Whether one address can serve several purposes; true when not given.').optional(),
    isPersistent: bool('Whether its networks stay set up without machines.').optional(),
    specifyVlan: bool('Whether a VLAN is given at creation.', { wireName: 'specifyvlan' }).optional(),
    specifyIpRanges: bool('Whether a range is given at creation; always with Shared.').optional(),
    egressDefaultPolicy: bool('Whether guests may reach out.').optional(),
    networkRate: int('Mbit per second.', { min: 0 }).optional(),
    maxConnections: int('Connections of its load balancers.', { min: 0 }).optional(),
    forVpc: bool('Whether it is for tiers of VPCs.').optional(),
    tags: text('Tags of the physical network that it wants.', { max: 4096 }).optional(),
    details: map('Details to keep with it.').optional(),
    enable: bool('Whether it is enabled at once.').optional(),
    serviceOfferingId: uuid('Accepted for compatibility: the size of its routers.').optional(),
    keepAliveEnabled: bool('Accepted for compatibility.').optional(),
    domainId: list('Accepted for compatibility: offerings belong to all.', word).optional(),
    zoneId: list('Accepted for compatibility: offerings hold in all zones.', word).optional(),
    internetProtocol: oneOf('Of its addresses', ['IPv4']).optional(),
  }),
  result: networkOfferingView,
  wrapper: 'networkoffering',
});
