import { z } from 'zod';
import { bool, date, int, long, map, text, uuid } from '../fields.js';
import { tags } from '../identity/tag.view.js';
import { jobFields, ownerFields } from '../view-fields.js';

/** A template: a disk image that machines are made from. Or an ISO: a CD's image, kept in the same way. */
export const templateView = z.object({
  id: uuid('The template.'),
  name: text('Its name.'),
  displayText: text('Its description.', { max: 4096 }),
  ...ownerFields,
  accountId: uuid('The account that owns it.').optional(),
  zoneId: uuid('Its zone.'),
  zoneName: text('The name of its zone.'),
  format: text('QCOW2, RAW, VMDK, VHDX or VDI, as it was fetched; ISO of a CD.'),
  hypervisor: text('The hypervisor of its machines; None of an ISO.'),
  templateType: text('USER.'),
  osTypeId: text('The kind of its operating system.').optional(),
  osTypeName: text('The name of that kind.').optional(),
  isPublic: bool('Whether all accounts may use it.'),
  isFeatured: bool('Whether it is shown first.'),
  isExtractable: bool('Whether it can be downloaded.'),
  isReady: bool('Whether machines can be made from it.'),
  isDynamicallyScalable: bool('Whether its machines can grow while they run.'),
  crossZones: bool('Whether it is in all zones.', { wireName: 'crossZones' }),
  directDownload: bool('Whether hosts fetch it themselves.'),
  deployAsIs: bool('Whether it brings its own hardware description.'),
  requiresHvm: bool('Whether it needs hardware virtualisation.'),
  passwordEnabled: bool('Whether its guests are said to take passwords; none are made for them.'),
  sshKeyEnabled: bool('Whether it takes SSH keys.'),
  bits: int('64.'),
  bootable: bool('Whether machines can boot from it.'),
  state: text('Downloading, Ready, Removing or Error.').optional(),
  status: text('For people: progress, Download Complete, or why it failed.', { max: 1024 }),
  percent: int('How much was fetched.').optional(),
  size: long('Bytes of its virtual disk.').optional(),
  physicalSize: long('Bytes in the image store.').optional(),
  checksum: text('What it was checked against.').optional(),
  url: text('Where it was fetched from; shown to administrators.', { max: 2048 }).optional(),
  details: map('Free details.').optional(),
  created: date('When it was registered.'),
  tags,
  ...jobFields,
});
