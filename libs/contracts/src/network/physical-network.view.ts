import { z } from 'zod';
import { text, uuid } from '../fields.js';

/** A physical network. */
export const physicalNetworkView = z.object({
  id: uuid('The physical network.'),
  name: text('Its name.'),
  zoneId: uuid('Its zone.'),
  zoneName: text('The name of its zone.'),
  domainId: uuid('The domain that it is for, where it is for one.').optional(),
  state: text('Enabled or Disabled.'),
  isolationMethods: text('How its networks are kept apart, e.g. VLAN.').optional(),
  broadcastDomainRange: text('ZONE or POD.'),
  networkSpeed: text('Its speed, for people.').optional(),
  tags: text('Its tags, comma-joined.').optional(),
  vlan: text('VLANs or VNIs that its networks may have.').optional(),
});
