import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { bool, list, mapList, oneOf, text, uuid, word } from '../fields.js';
import { vpcOfferingView } from './vpc-offering.view.js';

/** Creates a VPC offering. */
export const createVPCOffering = defineCommand({
  name: 'createVPCOffering',
  domain: 'network',
  description: 'Creates a VPC offering. It is disabled until it is enabled.',
  event: 'VPC.OFFERING.CREATE',
  rest: { method: 'POST', path: '/vpc-offerings' },
  roles: ROOT_ONLY,
  params: z.object({
    name: text('Its name; one of its kind.').min(1),
    displayText: text('Its description; the name when not given.', { max: 4096 }).optional(),
    supportedServices: list('Services, e.g. Dhcp,Dns,SourceNat; all that there are when not given.', word).optional(),
    serviceProviderList: mapList('Who serves each: service and provider; the usual one when not given.').optional(),
    serviceCapabilityList: mapList('Accepted for compatibility.').optional(),
    enable: bool('Whether it is enabled at once.').optional(),
    serviceOfferingId: uuid('Accepted for compatibility: the size of its routers.').optional(),
    domainId: list('Accepted for compatibility: offerings belong to all.', word).optional(),
    zoneId: list('Accepted for compatibility: offerings hold in all zones.', word).optional(),
    internetProtocol: oneOf('Of its addresses', ['IPv4']).optional(),
  }),
  result: vpcOfferingView,
  wrapper: 'vpcoffering',
  answersAsJob: true,
});
