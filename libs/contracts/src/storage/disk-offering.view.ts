import { z } from 'zod';
import { bool, date, long, text, uuid } from '../fields.js';

/** A disk offering: a size of data disk. */
export const diskOfferingView = z.object({
  id: uuid('The disk offering.'),
  name: text('Its name.'),
  displayText: text('Its description.', { max: 4096 }),
  diskSize: long('GiB; 0 when it is chosen for each disk.'),
  isCustomized: bool('Whether the size is chosen for each disk.'),
  isCustomizedIops: bool('Whether the speed is chosen for each disk.'),
  storageType: text('local or shared.'),
  provisioningType: text('thin.'),
  tags: text('Tags that a pool must have, comma-joined.').optional(),
  displayOffering: bool('Whether users see it.'),
  state: text('Active.'),
  created: date('When it was created.'),
});
