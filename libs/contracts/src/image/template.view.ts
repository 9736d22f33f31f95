import { z } from 'zod';
import { bool, date, long, text, uuid } from '../fields.js';
import { tags } from '../identity/tag.view.js';
import { jobFields } from '../view-fields.js';

/** A template. */
export const templateView = z.object({
  id: uuid('The template.'),
  name: text('Its name.'),
  displayText: text('Its name for people.', { max: 4096 }),
  created: date('When it was registered.'),
  format: text('QCOW2, RAW, VMDK, VHDX or VDI: how it was fetched.'),
  hypervisor: text('KVM or Simulator.'),
  isReady: bool('Whether it can be deployed.'),
  isPublic: bool('Whether every account may deploy it.'),
  isFeatured: bool('Whether it stands out in lists.'),
  isExtractable: bool('Whether it may be downloaded.'),
  crossZones: bool('Whether it is in every zone.'),
  status: text('Progress, or why it failed.').optional(),
  size: long('Bytes of its disk.'),
  physicalSize: long('Bytes that its file takes.'),
  templateType: text('USER.'),
  checksum: text('Of the file as it was fetched.').optional(),
  url: text('Where it came from.', { max: 2048 }).optional(),
  account: text('Its owner.'),
  accountId: uuid('Its owner.'),
  domainId: uuid("The owner's domain."),
  domain: text("The name of the owner's domain."),
  domainPath: text("The path of the owner's domain."),
  zoneId: uuid('Its zone.'),
  zoneName: text('The name of its zone.'),
  osTypeId: uuid('OS type.').optional(),
  osTypeName: text('The name of the OS type.').optional(),
  passwordEnabled: bool('Whether it takes a password.'),
  sshKeyEnabled: bool('Whether it takes SSH keys.'),
  isDynamicallyScalable: bool('Whether its machines can grow while they run.'),
  tags,
  ...jobFields,
});
