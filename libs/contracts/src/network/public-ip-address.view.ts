import { z } from 'zod';
import { bool, date, text, uuid } from '../fields.js';
import { projectFields } from '../view-fields.js';

/** A public address. */
export const publicIpAddressView = z.object({
  id: uuid('The address.'),
  ipAddress: text('It, dotted.'),
  state: text('Allocated or Free.'),
  zoneId: uuid('Its zone.'),
  zoneName: text('The name of its zone.'),
  vlanId: uuid('The range that it is of.', { wireName: 'vlanid' }),
  physicalNetworkId: uuid('The physical network of that range.').optional(),
  vlanName: text('The VLAN of that range.'),
  account: text('The account that has it.').optional(),
  ...projectFields,
  domainId: uuid('The domain of that account.').optional(),
  domain: text('The name of that domain.').optional(),
  domainPath: text('The names from ROOT to that domain.', { max: 1024 }).optional(),
  associatedNetworkId: uuid('The network that it is held for.').optional(),
  associatedNetworkName: text('The name of that network.').optional(),
  allocated: date('Since when it belongs to somebody.').optional(),
  isSourceNat: bool('Whether it is the address that a network goes out with.'),
  isStaticNat: bool('Whether it is the address of one machine.'),
  isSystem: bool('Whether it is for the product itself.'),
  isPortable: bool('Whether it can move to another zone.'),
  forVirtualNetwork: bool('Whether it is public.'),
  forDisplay: bool('Whether users see it.'),
  hasRules: bool('Whether rules use it.'),
});
