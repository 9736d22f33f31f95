import { z } from 'zod';
import { bool, date, int, list, map, object, text, uuid } from '../fields.js';
import { affinityGroupOfMachine } from './affinity-group.view.js';
import { haPriority } from './ha-priority.js';
import { tagView } from '../identity/tag.view.js';
import { secondaryIps } from '../network/secondary-ip.view.js';
import { projectFields } from '../view-fields.js';

/** A machine's network interface in replies. */
export const nicView = object('A network interface', {
  id: uuid('Its id'),
  networkId: uuid('Its network'),
  networkName: text("The network's name"),
  ipAddress: text('IPv4 address'),
  netmask: text('Netmask of the network'),
  gateway: text('Gateway of the network'),
  macAddress: text('MAC address'),
  isDefault: bool('Whether it carries the default route'),
  trafficType: text('Guest'),
  type: text('Kind of network: Shared'),
  deviceId: text('Position on the machine, from 0'),
  secondaryIp: secondaryIps,
});

/** A virtual machine in replies. */
export const virtualMachineView = z.object({
  id: uuid('Its id'),
  name: text('Host name'),
  displayName: text('A name for people'),
  instanceName: text('Domain name on hosts (administrators)').optional(),
  account: text('Owner; absent when a project is').optional(),
  ...projectFields,
  userId: uuid('Who deployed it').optional(),
  userName: text('Name of who deployed it').optional(),
  domainId: uuid("The owner's domain"),
  domain: text("Name of the owner's domain"),
  domainPath: text("Path of the owner's domain"),
  created: date('When it was accepted'),
  state: text('See the state table of virtual machines'),
  haEnable: bool('Restarted elsewhere when its host fails'),
  haPriority: haPriority(
    'How important it is when hosts fail or are emptied: its own, or that of its service offering',
  ),
  group: text('Group').optional(),
  groupId: uuid('That group').optional(),
  zoneId: uuid('Zone'),
  zoneName: text("The zone's name"),
  hostId: uuid('Host it runs on (administrators)').optional(),
  hostName: text("The host's name (administrators)").optional(),
  templateId: uuid('Template'),
  templateName: text("The template's name"),
  templateDisplayText: text("The template's description"),
  templateFormat: text("The template's format").optional(),
  isoId: uuid('ISO in its CD drive').optional(),
  isoName: text("That ISO's name").optional(),
  isoDisplayText: text("That ISO's description").optional(),
  passwordEnabled: bool('Whether guests of its template are said to take passwords'),
  serviceOfferingId: uuid('Size'),
  serviceOfferingName: text("The size's name"),
  cpuNumber: int('Processors'),
  cpuSpeed: int('MHz of each'),
  memory: int('Memory in MiB'),
  guestOsId: uuid('OS type').optional(),
  osTypeId: uuid('OS type').optional(),
  osDisplayName: text("The OS type's name").optional(),
  rootDeviceId: int('Position of the root disk'),
  rootDeviceType: text('ROOT'),
  hypervisor: text('Hypervisor'),
  ipAddress: text('Address on the default network').optional(),
  keyPairs: text('Names of its SSH key pairs, comma-joined').optional(),
  keyPair: text('The same, by the name that older clients read').optional(),
  displayVm: bool('Whether users see it'),
  isDynamicallyScalable: bool('Whether CPU and memory can grow while it runs'),
  userDataId: uuid('The record that its user data was copied from').optional(),
  userDataName: text('The name of that record').optional(),
  nic: list('Network interfaces', nicView),
  details: map('Free details').optional(),
  securityGroup: list('Security groups: none, for ports are bound to their address', z.object({})),
  affinityGroup: list('Affinity groups', affinityGroupOfMachine),
  tags: list('Tags', tagView),
  jobId: uuid('The operation that runs for it').optional(),
  jobStatus: int('0 while it runs').optional(),
});
