import { z } from 'zod';
import { bool, date, int, list, text, uuid } from '../fields.js';
import { tags } from '../identity/tag.view.js';
import { jobFields, ownerFields } from '../view-fields.js';

/** A service of a network, in CloudStack's form. */
export const networkServiceView = z.object({
  name: text('Dhcp, Dns, UserData, SourceNat, …'),
  provider: list('Who serves it.', z.object({ name: text('HostAgent, or VirtualRouter for what is not served yet.') })),
  capability: list('What it can do.', z.object({ name: text('Name.'), value: text('Value.') })),
});

/** A network. */
export const networkView = z.object({
  id: uuid('The network.'),
  name: text('Its name.'),
  displayText: text('Its description.', { max: 4096 }),
  ...ownerFields,
  zoneId: uuid('Its zone.'),
  zoneName: text('The name of its zone.'),
  type: text('Shared, Isolated or L2.'),
  trafficType: text('Guest.'),
  aclType: text('Domain or Account: who may use it.'),
  subdomainAccess: bool('Whether domains below may use it.'),
  state: text('Allocated, Implemented, Removing or Error.'),
  cidr: text('Its addresses.').optional(),
  gateway: text('Its gateway.').optional(),
  netmask: text('Its mask.').optional(),
  dns1: text('First name server.').optional(),
  dns2: text('Second name server.').optional(),
  vlan: text('Its VLAN or VNI; shown to administrators.').optional(),
  broadcastDomainType: text('Native, Vlan or Vxlan.'),
  broadcastUri: text('vlan://untagged, vlan://<number> or vxlan://<VNI>.').optional(),
  privateMtu: int('Bytes that guests may send in one packet.'),
  networkOfferingId: uuid('Its offering.'),
  networkOfferingName: text('The name of its offering.'),
  networkOfferingDisplayText: text('The description of its offering.'),
  networkOfferingAvailability: text('Optional.'),
  networkOfferingConserveMode: bool('Whether one address can serve several purposes.'),
  isSystem: bool('Whether it is for the product itself.'),
  isDefault: bool('Whether machines join it by default.'),
  isPersistent: bool('Whether it stays set up without machines.'),
  specifyIpRanges: bool('Whether its range is given at creation.'),
  specifyVlan: bool('Whether its VLAN is given at creation.', { wireName: 'specifyvlan' }),
  canUseForDeploy: bool('Whether machines can join it.'),
  displayNetwork: bool('Whether users see it.'),
  restartRequired: bool('Whether it must be restarted.'),
  redundantRouter: bool('Whether it has two routers.'),
  strechedL2Subnet: bool('Whether it spans zones.'),
  related: uuid('The network itself.'),
  service: list('Its services.', networkServiceView),
  created: date('When it was created.'),
  tags,
  ...jobFields,
});
