import { z } from 'zod';
import { bool, text, uuid } from '../fields.js';
import { tags } from '../identity/tag.view.js';

/** A zone. */
export const zoneView = z.object({
  id: uuid('The zone.'),
  name: text('Its name.'),
  description: text('Its name for people.').optional(),
  allocationState: text('Enabled or Disabled.'),
  networkType: text('Basic or Advanced.'),
  dns1: text('First name server of guests.'),
  dns2: text('Second name server of guests.').optional(),
  internalDns1: text('First name server of hosts; shown to administrators.').optional(),
  dhcpProvider: text('What serves addresses.').optional(),
  vxlanRange: text('VXLAN identifiers of its networks; shown to administrators.').optional(),
  localStorageEnabled: bool('Whether machines may live on local directories.'),
  securityGroupsEnabled: bool('Whether security groups exist.'),
  type: text('Core or Edge.').optional(),
  zoneToken: text('Its id, as older clients know it.').optional(),
  tags,
});
