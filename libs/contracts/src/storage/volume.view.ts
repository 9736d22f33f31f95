import { z } from 'zod';
import { bool, date, int, long, text, uuid } from '../fields.js';
import { tags } from '../identity/tag.view.js';
import { ownerFields } from '../view-fields.js';

/** A volume: a disk. */
export const volumeView = z.object({
  id: uuid('The volume.'),
  name: text('Its name.'),
  ...ownerFields,
  zoneId: uuid('Its zone.'),
  zoneName: text('The name of its zone.'),
  type: text('ROOT or DATADISK.'),
  deviceId: int('Its position on its machine.').optional(),
  size: long('Bytes.'),
  attached: date('When it was attached to its machine.').optional(),
  state: text('Allocated, Ready, Migrating or Destroy.'),
  created: date('When it was recorded.'),
  virtualMachineId: uuid('The machine that has it.').optional(),
  vmName: text('The name of that machine.').optional(),
  vmDisplayName: text('The name of that machine for people.').optional(),
  vmState: text('The state of that machine.').optional(),
  templateId: uuid('The template it was made from.').optional(),
  templateName: text('The name of that template.').optional(),
  templateDisplayText: text('The description of that template.', { max: 4096 }).optional(),
  diskOfferingId: uuid('Its disk offering.').optional(),
  diskOfferingName: text('The name of its disk offering.').optional(),
  diskOfferingDisplayText: text('The description of its disk offering.', { max: 4096 }).optional(),
  serviceOfferingId: uuid('For root disks: the size of the machine.').optional(),
  serviceOfferingName: text('The name of that size.').optional(),
  storageId: uuid('The pool it is on; shown to administrators.').optional(),
  storage: text('The name of that pool.').optional(),
  storageType: text('local or shared.'),
  hypervisor: text('The hypervisor of its machine.').optional(),
  path: text('Its name on the pool.').optional(),
  provisioningType: text('thin.'),
  isExtractable: bool('Whether it can be downloaded.'),
  displayVolume: bool('Whether users see it.'),
  destroyed: bool('Whether it is marked for removal.'),
  quiesceVm: bool('Whether snapshots quiesce the machine.'),
  tags,
});
