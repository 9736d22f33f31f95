import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { list, oneOf, text, uuid, word } from '../fields.js';
import { vlanRange } from './physical-network-fields.js';
import { physicalNetworkView } from './physical-network.view.js';

/** Records a physical network of a zone. */
export const createPhysicalNetwork = defineCommand({
  name: 'createPhysicalNetwork',
  domain: 'network',
  description: 'Records a physical network of a zone.',
  event: 'PHYSICAL.NETWORK.CREATE',
  rest: { method: 'POST', path: '/physical-networks' },
  roles: ROOT_ONLY,
  params: z.object({
    zoneId: uuid('The zone.'),
    name: text('Its name; one in the zone.').min(1),
    domainId: uuid('The domain that it is for, where it is for one.').optional(),
    isolationMethods: list('How its networks are kept apart: at most one, e.g. VLAN.', word).optional(),
    broadcastDomainRange: oneOf('How far it reaches; ZONE when not given.', ['ZONE', 'POD']).optional(),
    networkSpeed: text('Its speed, for people.').optional(),
    tags: list('Its tags.', word).optional(),
    vlan: vlanRange.optional(),
  }),
  result: physicalNetworkView,
  wrapper: 'physicalnetwork',
  answersAsJob: true,
});
