import { z } from 'zod';
import { bool, text, uuid } from '../fields.js';
import { projectFields } from '../view-fields.js';

/** A range of public addresses. */
export const vlanIpRangeView = z.object({
  id: uuid('The range.'),
  zoneId: uuid('Its zone.'),
  physicalNetworkId: uuid('The physical network that it is on, where one is recorded.').optional(),
  vlan: text('Its VLAN: vlan://<number> or vlan://untagged.'),
  gateway: text('Its gateway.'),
  netmask: text('Its mask.'),
  cidr: text('Its network.'),
  startIp: text('Its first address.'),
  endIp: text('Its last address.'),
  forVirtualNetwork: bool('Whether its addresses are public ones.'),
  account: text('The account that it is for, where it is for one alone.').optional(),
  ...projectFields,
  domainId: uuid('The domain of that account.').optional(),
  domain: text('The name of that domain.').optional(),
});
