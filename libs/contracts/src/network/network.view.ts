import { z } from 'zod';
import { bool, date, list, object, text, uuid } from '../fields.js';
import { tags } from '../identity/tag.view.js';
import { jobFields } from '../view-fields.js';

/** A network. */
export const networkView = z.object({
  id: uuid('The network.'),
  name: text('Its name.'),
  displayText: text('Its name for people.', { max: 4096 }),
  type: text('Shared.'),
  state: text('Allocated, Implemented, Removing or Error.'),
  aclType: text('Domain: every account that may see it; Account: its owner.'),
  canUseForDeploy: bool('Whether machines may join it.'),
  cidr: text('Its addresses.'),
  gateway: text('Its gateway.'),
  netmask: text('Its netmask.'),
  vlan: text('Its VLAN (administrators).').optional(),
  broadcastDomainType: text('Vlan or Native.'),
  trafficType: text('Guest.'),
  zoneId: uuid('Its zone.'),
  zoneName: text('The name of its zone.'),
  dns1: text('First name server.'),
  dns2: text('Second name server.').optional(),
  account: text('Its owner.'),
  domainId: uuid("The owner's domain."),
  domain: text("The name of the owner's domain."),
  domainPath: text("The path of the owner's domain."),
  networkOfferingId: uuid('Its offering.'),
  networkOfferingName: text('The name of its offering.'),
  networkOfferingDisplayText: text("The offering's name for people."),
  isSystem: bool('Whether the product made it for itself.'),
  isDefault: bool('Whether machines join it when they name none.'),
  related: uuid('The network that it belongs to: itself.'),
  restartRequired: bool('Whether it has to be set up again.'),
  specifyIpRanges: bool('Whether it has a range of addresses.'),
  created: date('When it was made.'),
  service: list('What it offers.', object('A service', { name: text('Dhcp, Dns, UserData …') })),
  tags,
  ...jobFields,
});
