import { z } from 'zod';
import { bool, date, int, map, text, uuid } from '../fields.js';
import { haPriority } from './ha-priority.js';

/** A service offering: a size of machine. */
export const serviceOfferingView = z.object({
  id: uuid('The service offering.'),
  name: text('Its name.'),
  displayText: text('Its description.', { max: 4096 }),
  cpuNumber: int('Virtual processors, unless each machine chooses.').optional(),
  cpuSpeed: int('MHz of each, unless each machine chooses.').optional(),
  memory: int('MiB, unless each machine chooses.').optional(),
  serviceOfferingDetails: map(
    'Bounds of what machines choose: mincpunumber, maxcpunumber, minmemory and maxmemory, those that there are.',
  ).optional(),
  storageType: text('local or shared.'),
  hostTags: text('Tags that a host must have, comma-joined.').optional(),
  storageTags: text('Tags that the pool of the root disk must have, comma-joined.').optional(),
  offerHa: bool('Whether machines are started elsewhere when their host fails.'),
  haPriority: haPriority('How important its machines are when hosts fail or are emptied'),
  dynamicScalingEnabled: bool('Whether its machines can grow while they run.'),
  limitCpuUse: bool('Whether processors are capped.'),
  isCustomized: bool('Whether each machine chooses its own size.'),
  isSystem: bool('Whether it is for the product itself.'),
  isVolatile: bool('Whether the root disk is made anew at each start.'),
  defaultUse: bool('Whether system machines use it.'),
  provisioningType: text('thin.'),
  state: text('Active.'),
  created: date('When it was created.'),
});
